//! Which congestion control the server's sockets really have, as the kernel says of each.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::process::Command;
use std::sync::Arc;

use super::links::Side;
use super::namespaces::{Namespaces, SERVER};
use crate::real::ClientAddresses;

/// The names of the congestion controls of the connections between the server and so many clients.
pub(super) fn congestion(
    namespaces: &Arc<Namespaces>,
    clients: ClientAddresses,
    subscribers: usize,
) -> Result<BTreeSet<String>, String> {
    let namespaces = namespaces.clone();
    // A thread of its own, since the one that calls is on the clients' side.
    let asked = std::thread::spawn(move || {
        namespaces.enter(Side::Server).map_err(|why| why.to_string())?;
        let output = Command::new("ss").args(["-tinHO", "state", "established", "src", &SERVER.to_string()]).output();
        output.map_err(|why| format!("the program ss cannot be run (package iproute2): {why}"))
    });
    let output = asked.join().map_err(|_| "the thread that asks ss panicked".to_owned())??;
    let text = String::from_utf8_lossy(&output.stdout);
    let of_client = |address: Ipv4Addr| clients.index_of(address.into()).is_some_and(|index| index < subscribers);
    let of_clients = text.lines().filter_map(named).filter(|(client, _)| of_client(*client));
    Ok(of_clients.map(|(_, name)| name.to_owned()).collect())
}

/// The client's address and the congestion control of a line.
fn named(line: &str) -> Option<(Ipv4Addr, &str)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let client = words.iter().filter_map(|word| word.split_once(':')?.0.parse().ok()).find(|found| *found != SERVER)?;
    // The name stands between the options that were agreed on and the first number.
    let next = words.iter().position(|word| word.starts_with("wscale:") || word.starts_with("rto:"))?;
    Some((client, words.get(next.checked_sub(1)?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_ss_names_client_and_congestion_control() {
        let line =
            "0      0      10.1.0.1:43211 10.64.0.7:50000 \t ts sack cubic wscale:7,7 rto:404 rtt:203/0.4 mss:1448";
        assert_eq!(named(line), Some((Ipv4Addr::new(10, 64, 0, 7), "cubic")));
        assert_eq!(named("0 0 10.1.0.1:1 10.1.0.1:2 ts sack bbr wscale:7,7"), None, "a publisher");
        assert_eq!(named(""), None);
    }
}
