use proptest::prelude::*;

use super::*;
use crate::client::Speed;
use crate::plan::Stall;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn a_free_reader_tells_of_every_byte_at_once_and_one_that_never_reads_of_none() {
    let mut free = Reader::new(&Reading::AsItArrives, &[], 100, 1, ms(1));
    let mut never = Reader::new(&Reading::Never, &[], 100, 1, ms(1));
    free.arrive(ms(5), 70);
    never.arrive(ms(5), 70);
    assert_eq!(free.tell(ms(5)), 70);
    assert_eq!(free.tell(ms(6)), 0);
    assert_eq!(free.tells_at(), None);
    assert_eq!(never.tell(ms(5)), 0);
    assert_eq!(never.tells_at(), None);
}

#[test]
fn a_stalled_reader_takes_nothing_until_the_stall_ends_and_then_everything() {
    let stalls = vec![Stall { from: ms(10), lasts: ms(30) }];
    let mut reader = Reader::new(&Reading::Stalls { stalls }, &[], 100, 1, ms(1));
    reader.arrive(ms(9), 10);
    assert_eq!(reader.tell(ms(9)), 10);
    reader.arrive(ms(10), 10);
    assert_eq!(reader.tell(ms(10)), 0);
    assert_eq!(reader.tells_at(), Some(ms(40)));
    reader.arrive(ms(39), 10);
    assert_eq!(reader.tell(ms(39)), 0);
    assert_eq!(reader.tell(ms(40)), 20);
}

#[test]
fn a_rate_is_kept_to_the_byte_however_the_bytes_were_cut() {
    let reading = Reading::Rate { bytes_per_second: 1000 };
    let (mut whole, mut cut) =
        (Reader::new(&reading, &[], 1 << 20, 1, ms(1)), Reader::new(&reading, &[], 1 << 20, 1, ms(1)));
    whole.arrive(ms(0), 500);
    [200, 299, 1].into_iter().for_each(|bytes| cut.arrive(ms(0), bytes));
    for at in [0, 1, 7, 100, 499, 500, 501] {
        assert_eq!(whole.read_by(ms(at)), at.min(500));
        assert_eq!(cut.read_by(ms(at)), at.min(500));
    }
    assert_eq!(whole.read_at(123, ms(500)), ms(123));
    assert_eq!(whole.tells_at(), Some(ms(500)));
}

#[test]
fn a_slow_reader_tells_in_segments_and_when_it_has_read_everything() {
    let mut reader = Reader::new(&Reading::Rate { bytes_per_second: 1_000_000 }, &[], 1 << 20, 1, ms(1));
    reader.arrive(ms(0), 2000);
    assert_eq!(reader.tells_at(), Some(Duration::from_micros(1460)));
    assert_eq!(reader.tell(ms(1)), 0);
    assert_eq!(reader.tell(Duration::from_micros(1460)), 1460);
    assert_eq!(reader.tells_at(), Some(ms(2)));
    assert_eq!(reader.tell(ms(2)), 540);
    assert_eq!(reader.tells_at(), None);
}

#[test]
fn a_time_scale_slows_a_rate_down() {
    let mut reader = Reader::new(&Reading::Rate { bytes_per_second: 1000 }, &[], 1 << 20, 10, ms(1));
    reader.arrive(ms(0), 10);
    assert_eq!(reader.read_by(ms(50)), 5);
    assert_eq!(reader.read_by(ms(100)), 10);
}

#[test]
fn a_spell_slows_a_reader_down_while_it_lasts_and_never_makes_it_faster() {
    let trickle = SlowPeriod { from: ms(10), until: ms(40), speed: Speed::Limited(1000) };
    let stall = SlowPeriod { from: ms(20), until: ms(30), speed: Speed::Stopped };
    let mut free = Reader::new(&Reading::AsItArrives, &[trickle, stall], 1 << 20, 1, ms(1));
    free.arrive(ms(5), 100);
    assert_eq!(free.tell(ms(5)), 100);
    free.arrive(ms(10), 100);
    let read = [15, 20, 25, 30, 35, 39, 40].map(|at| free.read_by(ms(at)) - 100);
    assert_eq!(read, [5, 10, 10, 10, 15, 19, 100]);
    let mut slow = Reader::new(&Reading::Rate { bytes_per_second: 500 }, &[trickle], 1 << 20, 1, ms(1));
    slow.arrive(ms(0), 100);
    assert_eq!([10, 20, 40, 50].map(|at| slow.read_by(ms(at))), [5, 10, 20, 25]);
}

#[test]
fn a_reader_that_serves_holds_a_frame_until_its_service_ends_and_takes_its_rest_at_once() {
    let mut reader = Reader::new(&Reading::Serves { times: vec![ms(50)] }, &[], 200, 1, ms(1));
    let us = Duration::from_micros;
    reader.arrive(ms(5), 70);
    assert_eq!(reader.tell(ms(5)), 70, "a head, and no frame");
    assert_eq!(reader.tell(ms(5)), 0, "a head, and no frame");
    assert_eq!(reader.tells_at(), None, "a head, and no frame");
    reader.begin(ms(12), 74, 1, us(10_300));
    reader.arrive(ms(12), 130);
    assert_eq!(reader.tell(ms(12)), 4);
    assert_eq!(reader.tell(ms(12)), 0);
    assert_eq!(reader.tells_at(), Some(us(59_300)));
    assert_eq!(reader.tell(ms(60)), 126);
    assert_eq!(reader.told_at(), us(59_300));
    assert_eq!(reader.read_by(ms(60)), 200);
    reader.arrive(ms(62), 23);
    assert_eq!(reader.tell(ms(62)), 23);
    assert_eq!(reader.told_at(), ms(62));
    assert_eq!(reader.tell(ms(62)), 0);
}

proptest! {
    #[test]
    fn whatever_the_rate_it_tells_what_it_read_reads_what_arrived_and_is_never_due_in_vain(
        bytes_per_second in 1u64..3_000_000,
        scale in 1u32..20,
        window_bytes in 1u64..70_000,
        arrivals in prop::collection::vec((0u64..40, 1u64..3000), 1..20),
    ) {
        let mut reader = Reader::new(&Reading::Rate { bytes_per_second }, &[], window_bytes, scale, ms(1));
        let mut now = Duration::ZERO;
        for (pause, bytes) in arrivals {
            now += ms(pause);
            reader.arrive(now, bytes);
            reader.tell(now);
            prop_assert!(reader.told <= reader.read_by(now) && reader.read_by(now) <= reader.arrived);
        }
        while let Some(due) = reader.tells_at() {
            prop_assert!(due >= now || reader.tell(now) > 0);
            now = now.max(due);
            prop_assert!(reader.tells_at().is_none() || reader.tell(now) > 0, "due at {due:?} in vain");
        }
        prop_assert_eq!(reader.told, reader.arrived);
        prop_assert_eq!(reader.read_at(reader.arrived, now), now);
    }

    #[test]
    fn a_reader_with_a_rate_and_stalls_takes_its_rate_times_the_time_it_reads_and_nothing_in_a_stall(
        bytes_per_second in 1u64..3_000_000,
        gaps in prop::collection::vec((1u64..60, 1u64..60), 1..6),
    ) {
        let mut at = Duration::ZERO;
        let mut stalls = Vec::new();
        for (after, lasts) in gaps {
            stalls.push(Stall { from: at + ms(after), lasts: ms(lasts) });
            at += ms(after + lasts);
        }
        let reading = Reading::RateWithStalls { bytes_per_second, stalls: stalls.clone() };
        let mut reader = Reader::new(&reading, &[], 1 << 20, 1, ms(1));
        // More than it can take.
        reader.arrive(Duration::ZERO, 1 << 40);
        let stalled = |now: Duration| -> Duration {
            stalls.iter().map(|stall| stall.lasts.min(now.saturating_sub(stall.from))).sum()
        };
        for now in (0..700).map(ms) {
            let most = (now - stalled(now)).as_secs_f64() * bytes_per_second as f64;
            let read = reader.read_by(now) as f64;
            // Part of a byte is lost at each of the six stalls.
            prop_assert!(read <= most + 1e-6 && read >= most - 7.0, "{read} of {most} at {now:?}");
        }
    }
}

#[test]
fn a_rate_is_as_exact_where_64_bits_are_too_few_for_it_as_before() {
    // At 125 MB/s the product of nanoseconds and rate passes 64 bits after 147.6 s.
    for seconds in [147, 148, 10_000] {
        let busy = Busy { rate: (125_000_000, 1), since: Duration::ZERO, read_before: 0 };
        let bytes = seconds * 125_000_000;
        assert_eq!(busy.room_by(Duration::from_secs(seconds)), bytes);
        assert_eq!(busy.room_by(Duration::from_secs(seconds) - Duration::from_nanos(1)), bytes - 1);
        assert_eq!(busy.read_at(bytes), Duration::from_secs(seconds));
    }
}
