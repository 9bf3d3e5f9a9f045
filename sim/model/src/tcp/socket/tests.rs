use super::*;

const LOW_WATER: u64 = 16_384;
const WINDOW: u64 = 64_512;

fn queue() -> SendQueue {
    SendQueue::new(Bound::Unsent(LOW_WATER))
}

/// Nothing is in flight.
fn around(window_room: u64, largest_window: u64) -> Surroundings {
    Surroundings { window_room, largest_window, in_flight: (0, 0) }
}

fn write(queue: &mut SendQueue, bytes: u64, piece: Piece) -> u64 {
    queue.write(bytes, piece, around(u64::MAX, WINDOW))
}

#[test]
fn a_buffer_takes_seventeen_writes_of_their_own() {
    let mut queue = queue();
    (0..18).for_each(|_| assert_eq!(write(&mut queue, 685, Piece::Own), 685));
    assert_eq!(queue.first_buffer(), Some(17 * 685));
}

#[test]
fn writes_that_lie_behind_each_other_fill_a_buffer_up_to_half_the_window() {
    let mut queue = queue();
    let taken: u64 = (0..60).map(|_| write(&mut queue, 685, Piece::Joined)).sum();
    // The bound is looked at where a second buffer would begin.
    assert_eq!(taken, 32_256 / MSS * MSS);
    assert_eq!(queue.first_buffer(), Some(taken));
}

#[test]
fn no_buffer_begins_at_the_bound_and_who_waits_is_woken_below_half_of_it() {
    let mut queue = queue();
    let taken: u64 = (0..60).map(|_| write(&mut queue, 685, Piece::Own)).sum();
    // Two buffers of 17 writes: the second began while fewer than 16 KiB were unsent.
    assert_eq!(taken, 2 * 17 * 685);
    assert!(queue.is_awaited());
    queue.take(17 * 685);
    assert!(!queue.wake(around(0, WINDOW)), "11,645 B are more than half of the bound");
    queue.take(3_454);
    assert!(queue.wake(around(0, WINDOW)), "8,191 B are less");
    assert!(!queue.wake(around(0, WINDOW)), "it is told once");
}

#[test]
fn a_write_is_taken_in_part_where_its_buffer_ends() {
    let mut queue = queue();
    assert_eq!(write(&mut queue, 100_000, Piece::Own), 32_256 / MSS * MSS);
}

#[test]
fn a_window_takes_what_it_has_room_for() {
    let mut queue = SendQueue::new(Bound::Window);
    assert_eq!(queue.write(5_000, Piece::Own, around(4_096, 4_096)), 4_096);
    assert!(!queue.wake(around(0, WINDOW)) && queue.wake(around(1, WINDOW)));
}

#[test]
fn a_buffer_of_which_a_part_is_sent_has_fewer_pieces() {
    let mut queue = queue();
    (0..17).for_each(|_| {
        write(&mut queue, 685, Piece::Own);
    });
    queue.take(8 * 685);
    (0..8).for_each(|_| {
        write(&mut queue, 685, Piece::Own);
    });
    assert_eq!(queue.first_buffer(), Some(17 * 685));
}

#[test]
fn small_buffers_in_flight_use_up_the_memory_although_nothing_is_unsent() {
    // Measured: over 300 ms, with a window of 43 segments, 30 frames of 737 B are in flight when the socket is full.
    let mut queue = queue();
    let in_flight = |buffers: u64| Surroundings { in_flight: (737 * buffers, buffers), ..around(0, WINDOW) };
    assert_eq!(queue.write(737, Piece::Own, in_flight(29)), 737);
    queue.take(737);
    assert_eq!(queue.write(737, Piece::Own, in_flight(30)), 0);
    assert!(!queue.wake(in_flight(20)), "less than a third is free");
    assert!(queue.wake(in_flight(19)));
}

#[test]
fn a_send_buffer_that_has_grown_takes_more() {
    let mut queue = queue();
    let in_flight = Surroundings { in_flight: (737 * 30, 30), ..around(0, WINDOW) };
    queue.expand_memory(43);
    assert_eq!(queue.write(737, Piece::Own, in_flight), 737);
}
