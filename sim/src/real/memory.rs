//! What a process and the kernel keep in memory, as the kernel counts it.

use std::fs;

/// Slabs that grow with every connection.
const SOCKET_SLABS: [&str; 5] = ["TCP", "TCPv6", "sock_inode_cache", "filp", "eventpoll_epi"];

/// Bytes at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    /// Resident memory of the process.
    resident: u64,
    /// Its anonymous part: what its allocator has got from the system.
    anonymous: u64,
    /// Sockets, their buffers and (for root) structures: of the whole system.
    kernel: u64,
}

/// What one subscriber costs, in bytes: the growth from before the first to the most there ever was, by their number.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PerSubscriber {
    /// What the server's allocator got from the system: slots, payloads and everything else that a connection needs.
    pub allocator: f64,
    /// Resident memory of the server.
    pub resident: f64,
    /// Sockets, of both ends: buffers, and where this is root structures.
    pub kernel: f64,
}

/// Watches a process.
#[derive(Debug)]
pub(super) struct Watch {
    process: u32,
    before: Usage,
    most: Usage,
}

impl Watch {
    pub(super) fn new(process: u32) -> Self {
        let before = Usage::now(process);
        Self { process, before, most: before }
    }

    /// Looks again.
    pub(super) fn look(&mut self) {
        let now = Usage::now(self.process);
        let most = &mut self.most;
        most.resident = most.resident.max(now.resident);
        most.anonymous = most.anonymous.max(now.anonymous);
        most.kernel = most.kernel.max(now.kernel);
    }

    pub(super) fn per_subscriber(&self, subscribers: usize) -> PerSubscriber {
        let grown =
            // Saturating: the kernel's part is that of the whole system, where others may have freed memory meanwhile.
            |of: fn(&Usage) -> u64| of(&self.most).saturating_sub(of(&self.before)) as f64 / subscribers.max(1) as f64;
        PerSubscriber {
            allocator: grown(|usage| usage.anonymous),
            resident: grown(|usage| usage.resident),
            kernel: grown(|usage| usage.kernel),
        }
    }
}

impl Usage {
    /// What cannot be read counts as nothing.
    fn now(process: u32) -> Self {
        // The kernel adds all mappings up in this file; `smaps` would list each of them.
        let of_process = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
        let sockets = fs::read_to_string("/proc/net/sockstat").unwrap_or_default();
        let slabs = fs::read_to_string("/proc/slabinfo").unwrap_or_default();
        Self {
            resident: kilobytes(&of_process, "Rss:"),
            anonymous: kilobytes(&of_process, "Anonymous:"),
            kernel: tcp_pages(&sockets) * rustix::param::page_size() as u64 + structures(&slabs),
        }
    }
}

/// Bytes of the line that begins so; it counts in kB.
fn kilobytes(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let value = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    value.unwrap_or(0) * 1024
}

/// Bytes of the objects that sockets and their files are; the system tells them to root only.
fn structures(slabinfo: &str) -> u64 {
    let bytes = |line: &str| {
        let mut words = line.split_whitespace();
        let is_of_sockets = SOCKET_SLABS.contains(&words.next()?);
        // After the name come active objects, all objects, and the size of one. Free objects belong to no connection.
        let (objects, _, size) = (words.next()?, words.next()?, words.next()?);
        is_of_sockets.then(|| Some(objects.parse::<u64>().ok()? * size.parse::<u64>().ok()?))?
    };
    slabinfo.lines().filter_map(bytes).sum()
}

/// Pages that TCP's buffers take.
fn tcp_pages(sockstat: &str) -> u64 {
    let line = sockstat.lines().find_map(|line| line.strip_prefix("TCP:")).unwrap_or_default();
    let mut words = line.split_whitespace().skip_while(|word| *word != "mem");
    words.nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_says_is_read_in_its_units() {
        let rollup =
            "55d0-7ffd ---p 00000000 00:00 0 [rollup]\nRss:                4356 kB\nAnonymous:          1040 kB\n";
        assert_eq!(kilobytes(rollup, "Rss:"), 4356 * 1024);
        assert_eq!(kilobytes(rollup, "Anonymous:"), 1040 * 1024);
        let sockstat = "sockets: used 290\nTCP: inuse 12 orphan 0 tw 3 alloc 14 mem 7\nUDP: inuse 0 mem 3\n";
        assert_eq!(tcp_pages(sockstat), 7);
        assert_eq!(tcp_pages(""), 0);
        let slabs = "slabinfo - version: 2.1\nTCP  66  117  2368  13  8 : tunables 0\ndentry 900 900 192 21 1 : x\n";
        assert_eq!(structures(slabs), 66 * 2368);
        assert_eq!(structures(""), 0);
    }

    #[test]
    fn a_process_that_lives_has_some() {
        let mut watch = Watch::new(std::process::id());
        let grown = vec![1_u8; 32 << 20];
        watch.look();
        assert!(watch.per_subscriber(1).resident > f64::from(16 << 20), "{watch:?}");
        drop(grown);
    }
}
