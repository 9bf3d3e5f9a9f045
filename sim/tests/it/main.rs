//! The testbed's behaviour, from outside.

mod connections_that_end;
mod plans;
mod the_buffer_that_is_set;
mod who_gets_what;
