//! The thread that carries packets between the two devices, and sleeps until one is due or comes in.

use std::io;
use std::num::NonZeroU64;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::time::Timespec;
use tappers::Tun;

use super::links::{Links, Side};
use crate::real::monotonic_ns;

/// The longest sleep: how late the thread sees that it is to end.
const MOST_SLEEP_NS: u64 = 50_000_000;

/// By how much the system may let the thread sleep too long, to save wake-ups: its default is 50 microseconds.
const TIMER_SLACK_NS: u64 = 1_000;

/// The nice value of the thread, where it may have one. It needs little of a processor, and needs it in time.
const PRIORITY: i32 = -19;

/// Larger than any packet of a device.
const PACKET_BYTES: usize = 1 << 16;

/// The devices of both sides.
pub(super) struct Devices {
    pub(super) server: Tun,
    pub(super) client: Tun,
}

/// The emulator's thread, which ends with this.
#[derive(Debug)]
pub(super) struct Emulator {
    links: Arc<Mutex<Links>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Emulator {
    pub(super) fn start(mut devices: Devices, links: Links) -> io::Result<Self> {
        devices.server.set_nonblocking(true)?;
        devices.client.set_nonblocking(true)?;
        let links = Arc::new(Mutex::new(links));
        let is_over = Arc::new(AtomicBool::new(false));
        let (of_thread, ends) = (links.clone(), is_over.clone());
        let carry = move || carry(&devices, &of_thread, &ends);
        let thread = std::thread::Builder::new().name("emulator".to_owned()).spawn(carry)?;
        Ok(Self { links, is_over, thread: Some(thread) })
    }

    pub(super) fn links(&self) -> MutexGuard<'_, Links> {
        lock(&self.links)
    }

    /// Ends the thread, and returns what went wrong in it.
    pub(super) fn end(mut self) -> io::Result<()> {
        self.is_over.store(true, Ordering::Relaxed);
        let thread = self.thread.take();
        thread.map_or(Ok(()), |thread| thread.join().unwrap_or_else(|_| Err(io::Error::other("it panicked"))))
    }
}

fn lock(links: &Mutex<Links>) -> MutexGuard<'_, Links> {
    // Links are whole between any two calls, also where the other thread panicked.
    links.lock().unwrap_or_else(PoisonError::into_inner)
}

fn carry(devices: &Devices, links: &Mutex<Links>, is_over: &AtomicBool) -> io::Result<()> {
    // Without it packets are up to 50 microseconds later, which is no reason not to go on.
    let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(TIMER_SLACK_NS));
    // Only root may, and others are late where the machine is busy. On Linux this is about the calling thread.
    let _ = rustix::process::setpriority_process(None, PRIORITY);
    let mut buffer = vec![0; PACKET_BYTES];
    while !is_over.load(Ordering::Relaxed) {
        let next_due = deliver(devices, &mut lock(links))?;
        wait(devices, next_due)?;
        let mut links = lock(links);
        take(&devices.server, Side::Server, &mut links, &mut buffer)?;
        take(&devices.client, Side::Client, &mut links, &mut buffer)?;
    }
    Ok(())
}

/// Delivers what is due. Returns when the next packet is.
fn deliver(devices: &Devices, links: &mut Links) -> io::Result<Option<u64>> {
    while let Some(delivery) = links.next_delivery(monotonic_ns()) {
        let device = match delivery.to {
            Side::Server => &devices.server,
            Side::Client => &devices.client,
        };
        device.send(&delivery.packet)?;
    }
    Ok(links.next_due())
}

/// Sleeps until a packet is due or comes in, or for a moment.
fn wait(devices: &Devices, next_due: Option<u64>) -> io::Result<()> {
    let now = monotonic_ns();
    let nanos = next_due.map_or(MOST_SLEEP_NS, |at| at.saturating_sub(now).min(MOST_SLEEP_NS));
    // Below a second, so the number fits.
    let timeout = Timespec { tv_sec: 0, tv_nsec: i64::try_from(nanos).unwrap_or(0) };
    let mut files = [
        PollFd::from_borrowed_fd(devices.server.as_fd(), PollFlags::IN),
        PollFd::from_borrowed_fd(devices.client.as_fd(), PollFlags::IN),
    ];
    match poll(&mut files, Some(&timeout)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(why) => Err(why.into()),
    }
}

/// Takes every packet that a device has.
fn take(device: &Tun, side: Side, links: &mut Links, buffer: &mut [u8]) -> io::Result<()> {
    loop {
        match device.recv(buffer) {
            Ok(bytes) => links.send(monotonic_ns(), side, &buffer[..bytes]),
            Err(why) if why.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            Err(why) => return Err(why),
        }
    }
}
