//! The testbed's behaviour, from outside.
//!
//! - [`the_buffer_that_is_set`]: nothing hides between mailbox and socket
//! - [`frames_per_write`]: frames that share a write
//! - [`who_gets_what`]: a subscriber's receipts depend on its own reading alone
//! - [`connections_that_end`]: for a reason, which is counted
//! - [`coming_back`]: as an `EventSource` does, and what all at once cost
//! - [`coming_back_over_tcp`]: when the server asks, or by the plan
//! - [`faults`]: what goes wrong, and what comes of it
//! - [`laws`]: what holds for any plan, over plans that proptest draws
//! - [`twins`]: a plan loses the same events over server-sent events and over WebSockets
//! - [`tables`]: several of them, and subscribers that watch some
//! - [`two_stages`]: a second stage behind the transport is a hidden buffer
//! - [`mutants`]: the checks can fail
//! - [`sweeps`]: cells, exact sizes, the risk of a size
//! - [`history_sizes`]: how much has to be kept for those who come back
//! - [`many_machines`]: the parts of a sweep, and what becomes of them
//! - [`pruned_runs`]: are the whole runs
//! - [`command_line`]: options, files, exit codes, by command
//! - [`options`]: those without effect are refused, and no file is replaced
//! - [`imported_counters`], [`importing`]: an operator's counters become a scenario
//! - [`determinism`]: digests and incidents, the same in every profile
//! - [`theory`]: the testbed as the queues of theory
//! - [`real_world`]: plans over real TCP, and what is no server
//! - [`emulated_paths`]: plans over the kernel's TCP and links that the program emulates
//! - [`recording`]: a stream as a trace, whatever the server does
//! - [`reports`]: a result as one HTML file, as a file and in a browser
//! - [`schemas`]: the schemas of scenarios and results, and the files they are about
//! - [`probing`]: what a path hides, of the server alone and through proxies
//! - [`published`]: one number wherever it stands
//! - [`documents`]: lists in pages are what the code has
//! - [`features`]: the packages that each feature of the Hub brings
//! - [`access`]: https, header fields, redirections, compressed streams, and what nothing may show
//! - [`any_server`]: any server under test, with a probe and without
//! - [`public_items`]: what the library promises to others
//! - [`architecture`]: who may know whom
//! - [`objectives`]: what is good enough, from scenario to exit code
//! - [`paths`]: TCP over paths in virtual time
//! - [`plans`]: made by hand, for the others

mod access;
mod any_server;
mod architecture;
mod coming_back;
mod coming_back_over_tcp;
mod command_line;
mod connections_that_end;
mod determinism;
mod documents;
mod emulated_paths;
mod faults;
mod features;
mod frames_per_write;
mod history_sizes;
mod imported_counters;
mod importing;
mod laws;
mod many_machines;
mod mutants;
mod objectives;
mod options;
mod paths;
mod plans;
mod probing;
mod pruned_runs;
mod public_items;
mod published;
mod real_world;
mod recording;
mod reports;
mod schemas;
mod sweeps;
mod tables;
mod the_buffer_that_is_set;
mod theory;
mod twins;
mod two_stages;
mod who_gets_what;
