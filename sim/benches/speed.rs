//! Wall time of the simulation, per delivery.

fn main() {}
