//! The testbed's behaviour, from outside.

mod architecture;
mod command_line;
mod connections_that_end;
mod plans;
mod sweeps;
mod the_buffer_that_is_set;
mod who_gets_what;
