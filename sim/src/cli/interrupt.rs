//! Ctrl-C: ends the program at once, except in the short moment in which files change places.

use std::sync::atomic::{AtomicBool, Ordering};

use super::console;
use super::exit::Exit;

static IS_WRITING: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C exits with 130. Nothing is written before everything has been computed, so nothing is lost
/// half-way.
pub(super) fn install() {
    let handler = || {
        if !IS_WRITING.load(Ordering::SeqCst) {
            console::note("\nsim: interrupted; nothing has been written");
            std::process::exit(Exit::Interrupted as i32);
        }
    };
    // It fails only where a handler is there already.
    let _ = ctrlc::set_handler(handler);
}

/// Lets nothing interrupt the renaming of files.
pub(super) fn while_writing<T>(work: impl FnOnce() -> T) -> T {
    IS_WRITING.store(true, Ordering::SeqCst);
    let result = work();
    IS_WRITING.store(false, Ordering::SeqCst);
    result
}
