use super::*;
use crate::tcp::units::{MILLISECOND, SECOND};

fn view(now: u64, in_flight: u64) -> SenderView {
    SenderView {
        now,
        in_flight,
        una: 0,
        next: in_flight,
        rto: 300 * MILLISECOND,
        srtt_micros: 100_000,
        is_open: true,
        is_application_waiting: false,
    }
}

/// A window that has been full.
fn full(congestion: Congestion) -> CongestionWindow {
    let mut window = CongestionWindow::new(congestion);
    window.validate(true, &view(0, INITIAL_WINDOW));
    window
}

#[test]
fn a_connection_begins_with_ten_segments() {
    // RFC 5681, section 3.1, has two to four; RFC 6928 ten.
    assert_eq!(CongestionWindow::new(Congestion::Reno).cwnd(), 10);
}

#[test]
fn slow_start_adds_a_segment_for_each_that_is_acknowledged_up_to_the_threshold() {
    // RFC 5681, section 3.1.
    let mut window = full(Congestion::Reno);
    window.grow(10, 0);
    assert_eq!(window.cwnd(), 20);
    window.lower_threshold();
    assert_eq!(window.ssthresh(), 10, "half of the window");
    window.set(4, 0);
    window.grow(8, 0);
    assert_eq!(window.cwnd(), 10, "up to the threshold, and two segments counted towards the next");
}

#[test]
fn congestion_avoidance_adds_one_segment_a_window() {
    // RFC 5681, section 3.1, equation 3.
    let mut window = full(Congestion::Reno);
    window.lower_threshold();
    (0..9).for_each(|_| window.grow(1, 0));
    assert_eq!(window.cwnd(), 10);
    window.grow(1, 0);
    assert_eq!(window.cwnd(), 11);
    window.grow(11, 0);
    assert_eq!(window.cwnd(), 12);
}

#[test]
fn a_timeout_leaves_one_segment_beside_the_pipe_and_half_as_threshold() {
    // RFC 5681, section 3.1, equation 4.
    let mut window = full(Congestion::Reno);
    window.grow(10, 0);
    window.lower_threshold();
    window.collapse(0, &view(0, 20));
    assert_eq!((window.cwnd(), window.ssthresh()), (1, 10));
}

#[test]
fn the_threshold_is_never_below_two_segments() {
    // RFC 5681, section 3.1, equation 4.
    for congestion in [Congestion::Reno, Congestion::Cubic] {
        let mut window = CongestionWindow::new(congestion);
        window.set(1, 0);
        window.lower_threshold();
        assert_eq!(window.ssthresh(), 2);
    }
}

#[test]
fn an_idle_time_halves_the_window_for_each_timeout_down_to_the_initial_one() {
    // RFC 5681, section 4.1: not more than the restart window after an idle RTO; the kernel halves on the way there.
    let restarted = |idle: u64| {
        let mut window = CongestionWindow::new(Congestion::Cubic);
        window.set(64, 0);
        window.restart_after_idle(idle, &view(10 * SECOND, 0));
        window.cwnd()
    };
    let rto = 300 * MILLISECOND;
    assert_eq!([rto, rto + 1, 2 * rto, 2 * rto + 1, 3 * rto + 1, 100 * rto].map(restarted), [64, 32, 32, 16, 10, 10]);
}

#[test]
fn a_window_below_the_initial_one_is_not_raised_by_an_idle_time() {
    let mut window = CongestionWindow::new(Congestion::Reno);
    window.set(3, 0);
    window.restart_after_idle(10 * SECOND, &view(10 * SECOND, 0));
    assert_eq!(window.cwnd(), 3);
}

#[test]
fn a_window_that_does_not_limit_does_not_grow() {
    // RFC 5681, section 3.1, and RFC 7661: growth only where the window was used.
    let mut window = CongestionWindow::new(Congestion::Cubic);
    window.validate(false, &view(0, 5));
    window.grow(5, 0);
    assert_eq!(window.cwnd(), 10);
    window.validate(false, &view(0, 6));
    window.grow(6, 0);
    assert_eq!(window.cwnd(), 16, "in slow start up to twice of what was in flight");
}

#[test]
fn a_window_that_is_not_filled_for_a_timeout_meets_half_way_with_what_was_used() {
    let mut window = CongestionWindow::new(Congestion::Reno);
    window.set(50, 0);
    window.validate(false, &view(SECOND, 14));
    assert_eq!(window.cwnd(), 32);
    assert!(window.is_in_slow_start());
}

#[test]
fn without_congestion_control_the_window_is_no_limit() {
    let mut window = CongestionWindow::new(Congestion::None);
    window.lower_threshold();
    window.collapse(0, &view(0, 20));
    assert!(window.cwnd() > 1_000_000_000);
}
