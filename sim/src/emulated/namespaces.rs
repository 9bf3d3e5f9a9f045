//! Two network namespaces with a TUN device in each, made by a process that has one thread.
//!
//! Root makes them as it is. Everybody else enters a user namespace first, in which it may; so does a root that must not.

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};

use nix::sched::{CloneFlags, setns, unshare};
use tappers::{Interface, Tun};

use super::emulator::Devices;
use super::links::Side;

/// The server's only address on its device.
pub(super) const SERVER: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 1);

/// Clients have the addresses after this one.
pub(super) const BEFORE_CLIENTS: Ipv4Addr = Ipv4Addr::new(10, 64, 0, 0);

/// The bits that all addresses of clients have in common: 2²² have room.
const CLIENTS_PREFIX: u8 = 10;

/// Both devices have this name, each in its own namespace.
const DEVICE: &str = "hubbub0";

/// An Ethernet's.
const MTU: u32 = 1_500;

/// Packets that a device keeps for a thread that is late. The links have queues of their own, so this one must not be
/// full before them.
const DEVICE_QUEUE: u32 = 10_000;

/// The way from the server to one client, and the congestion control of connections that take it.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) to: Ipv4Addr,
    pub(super) congestion: String,
}

/// Both namespaces, open as long as this is.
#[derive(Debug)]
pub(super) struct Namespaces {
    server: File,
    client: File,
}

/// Makes both namespaces, and leaves the calling thread in that of the clients.
///
/// Everything is as the kernel has it by default, but for the device's queue. Without the offloads of a real network card
/// the kernel hands over packets that are no larger than a line carries.
pub(super) fn make(routes: &[Route]) -> Result<(Namespaces, Devices), String> {
    leave_network()?;
    let of_server = device()?;
    let mut orders = format!("link set lo up\n{}addr add {SERVER}/32 dev {DEVICE}\n", device_orders());
    for Route { to, congestion } in routes {
        orders.push_str(&format!("route add {to}/32 dev {DEVICE} congctl {congestion}\n"));
    }
    ip(&orders)?;
    let server = here()?;
    unshare(CloneFlags::CLONE_NEWNET).map_err(|why| format!("no second network namespace: {why}"))?;
    let of_client = device()?;
    let first = Ipv4Addr::from_bits(BEFORE_CLIENTS.to_bits() + 1);
    // All addresses of a loopback device's network are the host's own: a client may bind any.
    let clients = format!("link set lo up\naddr add {first}/{CLIENTS_PREFIX} dev lo\n");
    ip(&format!("{clients}{}route add {SERVER}/32 dev {DEVICE} src {first}\n", device_orders()))?;
    let client = here()?;
    Ok((Namespaces { server, client }, Devices { server: of_server, client: of_client }))
}

impl Namespaces {
    /// Moves the calling thread to a side.
    pub(super) fn enter(&self, side: Side) -> io::Result<()> {
        let namespace = match side {
            Side::Server => &self.server,
            Side::Client => &self.client,
        };
        setns(namespace, CloneFlags::CLONE_NEWNET).map_err(Into::into)
    }
}

/// Leaves the network of the machine for an empty one.
fn leave_network() -> Result<(), String> {
    let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
    if user.is_root() && unshare(CloneFlags::CLONE_NEWNET).is_ok() {
        return Ok(());
    }
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET).map_err(|why| {
        format!("no network namespace ({why}): allow user namespaces (sysctl user.max_user_namespaces), or be root")
    })?;
    // Root inside, and the same user as before outside.
    let maps = [
        ("/proc/self/setgroups", "deny".to_owned()),
        ("/proc/self/uid_map", format!("0 {} 1", user.as_raw())),
        ("/proc/self/gid_map", format!("0 {} 1", group.as_raw())),
    ];
    for (file, text) in maps {
        fs::write(file, text).map_err(|why| format!("no user namespace: {file}: {why}"))?;
    }
    Ok(())
}

fn device() -> Result<Tun, String> {
    let why = |why: io::Error| format!("no TUN device (/dev/net/tun must be there, and open to this user): {why}");
    Tun::new_named(Interface::new(DEVICE).map_err(why)?).map_err(why)
}

fn device_orders() -> String {
    format!("link set {DEVICE} mtu {MTU} txqueuelen {DEVICE_QUEUE} up\n")
}

/// Has `ip` carry out orders, one a line, in the namespace of the calling thread.
fn ip(orders: &str) -> Result<(), String> {
    let piped = Command::new("ip").args(["-batch", "-"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut ip = piped.map_err(|why| format!("the program ip cannot be run (package iproute2): {why}"))?;
    let written = ip.stdin.take().map_or(Ok(()), |mut input| input.write_all(orders.as_bytes()));
    let output = ip.wait_with_output().and_then(|output| written.map(|()| output));
    let output = output.map_err(|why| format!("the program ip: {why}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let first = said.lines().next().unwrap_or("it says nothing");
    if output.status.success() { Ok(()) } else { Err(format!("the program ip cannot set up a network: {first}")) }
}

/// The network namespace of the calling thread.
fn here() -> Result<File, String> {
    File::open("/proc/thread-self/ns/net").map_err(|why| format!("/proc/thread-self/ns/net: {why}"))
}
