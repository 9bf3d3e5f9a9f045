//! The table of keys: every key that a scenario file may have. Ranges are those of the check.

mod classes;
mod faults;
mod load;
mod objective;
mod paths;
mod server;
mod top;

use super::key::Key;

/// A table of the file: its name, whether it is a list of tables, and the kinds it has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) is_list: bool,
    pub(super) kinds: &'static [&'static str],
    pub(super) is_required: bool,
    pub(super) about: &'static str,
    pub(super) keys: &'static [Key],
}

/// In the order in which a file has them.
pub(super) static SECTIONS: [Section; 12] = [
    Section { name: "", is_list: false, kinds: &[], is_required: true, about: top::ABOUT, keys: &top::KEYS },
    Section {
        name: "tables",
        is_list: false,
        kinds: &[],
        is_required: false,
        about: top::ABOUT_TABLES,
        keys: &top::TABLES,
    },
    Section {
        name: "server",
        is_list: false,
        kinds: &[],
        is_required: false,
        about: server::ABOUT,
        keys: &server::KEYS,
    },
    Section {
        name: "server.cpu",
        is_list: false,
        kinds: &[],
        is_required: false,
        about: server::ABOUT_CPU,
        keys: &server::CPU,
    },
    Section {
        name: "server.recovery",
        is_list: false,
        kinds: &[],
        is_required: false,
        about: server::ABOUT_RECOVERY,
        keys: &server::RECOVERY,
    },
    Section {
        name: "arrivals",
        is_list: false,
        kinds: &load::ARRIVALS,
        is_required: true,
        about: load::ABOUT_ARRIVALS,
        keys: &load::OF_ARRIVALS,
    },
    Section {
        name: "payload",
        is_list: false,
        kinds: &load::PAYLOADS,
        is_required: true,
        about: load::ABOUT_PAYLOAD,
        keys: &load::OF_PAYLOAD,
    },
    Section {
        name: "objective",
        is_list: false,
        kinds: &[],
        is_required: false,
        about: objective::ABOUT,
        keys: &objective::KEYS,
    },
    Section {
        name: "class",
        is_list: true,
        kinds: &[],
        is_required: true,
        about: classes::ABOUT,
        keys: &classes::KEYS,
    },
    Section {
        name: "class.path",
        is_list: false,
        kinds: &[],
        is_required: false,
        about: paths::ABOUT,
        keys: &paths::KEYS,
    },
    Section {
        name: "class.objective",
        is_list: false,
        kinds: &[],
        is_required: false,
        about: objective::ABOUT_CLASS,
        keys: &objective::OF_CLASS,
    },
    Section {
        name: "fault",
        is_list: true,
        kinds: &faults::KINDS,
        is_required: false,
        about: faults::ABOUT,
        keys: &faults::KEYS,
    },
];

#[cfg(test)]
mod tests;
