//! Ctrl-C: ends the program at once, except in the short moment in which files change places.

use std::sync::atomic::{AtomicBool, Ordering};

use super::console;
use super::exit::Exit;

// Atomics, because the handler runs on a thread of its own, at any moment.
static IS_CAUGHT: AtomicBool = AtomicBool::new(false);
static IS_WRITING: AtomicBool = AtomicBool::new(false);
static WAS_INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C exits with 130. Nothing is written before everything has been computed, so nothing is lost
/// half-way.
pub(super) fn install() {
    let handler = || {
        // A second one is meant.
        if IS_CAUGHT.swap(false, Ordering::SeqCst) || IS_WRITING.load(Ordering::SeqCst) {
            WAS_INTERRUPTED.store(true, Ordering::SeqCst);
            return;
        }
        console::note("\nsim: interrupted; nothing is left half-written");
        std::process::exit(Exit::Interrupted as i32);
    };
    // It fails only where a handler is there already.
    let _ = ctrlc::set_handler(handler);
}

/// From now on a first Ctrl-C only leaves word, for work that keeps what it has so far.
pub(super) fn catch() {
    IS_CAUGHT.store(true, Ordering::SeqCst);
}

/// Whether a Ctrl-C has come since [`catch`].
pub(super) fn was_caught() -> bool {
    WAS_INTERRUPTED.load(Ordering::SeqCst)
}

/// Lets nothing interrupt the renaming of files; an interruption takes effect after it.
pub(super) fn while_writing<T>(work: impl FnOnce() -> T) -> T {
    IS_WRITING.store(true, Ordering::SeqCst);
    let result = work();
    IS_WRITING.store(false, Ordering::SeqCst);
    if WAS_INTERRUPTED.load(Ordering::SeqCst) {
        std::process::exit(Exit::Interrupted as i32);
    }
    result
}
