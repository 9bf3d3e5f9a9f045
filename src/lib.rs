//! hubbub: a live-event Hub with bounded mailboxes.
