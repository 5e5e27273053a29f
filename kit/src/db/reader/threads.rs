//! Threads that may block, each with a connection of its own.
//!
//! Few run at a time: to wake a thread and put it to sleep takes longer than to read a row, so a thread goes on with the next job
//! instead. A job that takes long, which may wait for the disk, no longer counts: another thread runs beside it. A watcher looks
//! for such jobs, and for those that have waited for too long, while there are any.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::lock::lock;

/// The time from one look of the watcher to the next.
const TICK: Duration = Duration::from_millis(2);

/// The looks without a job after which the watcher sleeps until there is one.
const IDLE_TICKS: u32 = 50;

/// The connection of a thread, once it has been opened.
pub(super) type Slot = Option<Connection>;

/// A job has waited for a thread for too long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Expired;

/// No job is taken any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Closed;

/// Work for one of the threads.
pub(super) type Job = Box<dyn FnOnce(Result<&mut Slot, Expired>) + Send>;

/// The settings of the threads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// The most threads.
    pub(super) threads: u32,
    /// The most threads with a job that is not long; at least one.
    pub(super) parallel: usize,
    /// The longest wait for a thread.
    pub(super) wait: Duration,
    /// The time from which on a job is long.
    pub(super) long: Duration,
}

/// Threads that are started as they are needed, and end when this is dropped.
#[derive(Debug)]
pub(super) struct Threads(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    settings: Settings,
    state: Mutex<State>,
    wake: Condvar,
    watch: Condvar,
    /// Threads that have not ended.
    alive: watch::Sender<u32>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// The time at which the job of each thread began, in ticks.
    running: Vec<Option<Duration>>,
    /// Threads that were started and do not run yet.
    starting: usize,
    sleeping: usize,
    /// Sleeping threads that were woken. One that is about to sleep may go on in the place of one of them.
    waking: usize,
    watcher: Watcher,
    is_closed: bool,
}

struct Waiting {
    since: Duration,
    job: Job,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
enum Watcher {
    #[default]
    None,
    Asleep,
    Awake,
}

/// Whom to notify once the lock is released.
#[derive(Default)]
struct Notice {
    thread: bool,
    watcher: bool,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("waiting", &self.waiting.len()).field("running", &self.running).finish_non_exhaustive()
    }
}

impl Threads {
    pub(super) fn new(settings: Settings) -> Self {
        let (state, wake, watch) = <(Mutex<State>, Condvar, Condvar)>::default();
        Self(Arc::new(Shared { settings, state, wake, watch, alive: watch::Sender::new(0) }))
    }

    /// Has a thread run `job`. Fails if the threads are closed, or if there is none and none can be started.
    pub(super) fn run(&self, job: Job) -> Result<(), Closed> {
        let now = Clock::System.ticks();
        let mut state = lock(&self.0.state);
        if state.is_closed {
            return Err(Closed);
        }
        state.waiting.push_back(Waiting { since: now, job });
        let mut notice = self.0.staff(&mut state, now);
        if state.running.is_empty() {
            state.waiting.pop_back();
            return Err(Closed);
        }
        match state.watcher {
            Watcher::None if self.0.start("reads", Shared::watch).is_ok() => state.watcher = Watcher::Awake,
            Watcher::Asleep => (state.watcher, notice.watcher) = (Watcher::Awake, true),
            Watcher::None | Watcher::Awake => {}
        }
        drop(state);
        self.0.notify(&notice);
        Ok(())
    }

    /// Takes no more jobs, and waits until all have ended.
    pub(super) async fn close(&self) {
        self.0.close();
        let mut alive = self.0.alive.subscribe();
        // The sender is here, too: this cannot fail.
        let _ended = alive.wait_for(|alive| *alive == 0).await;
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Shared {
    fn close(&self) {
        lock(&self.state).is_closed = true;
        self.wake.notify_all();
        self.watch.notify_all();
    }

    fn notify(&self, notice: &Notice) {
        if notice.thread {
            self.wake.notify_one();
        }
        if notice.watcher {
            self.watch.notify_one();
        }
    }

    /// Returns whether one more thread may take a job.
    fn has_room(&self, state: &State, now: Duration) -> bool {
        let is_short = |began: &&Duration| now.saturating_sub(**began) < self.settings.long;
        let short = state.running.iter().flatten().filter(is_short).count();
        short + state.starting + state.waking < self.settings.parallel
    }

    /// Wakes or starts a thread for the jobs that wait, if one more may run.
    fn staff(self: &Arc<Self>, state: &mut State, now: Duration) -> Notice {
        if state.waiting.is_empty() || !self.has_room(state, now) {
            return Notice::default();
        }
        if state.sleeping > state.waking {
            state.waking += 1;
            return Notice { thread: true, watcher: false };
        }
        let number = state.running.len();
        if number < self.settings.threads as usize && self.start("read", move |shared| shared.serve(number)).is_ok() {
            state.running.push(None);
            state.starting += 1;
        }
        Notice::default()
    }

    fn start(self: &Arc<Self>, name: &str, run: impl FnOnce(&Arc<Self>) + Send + 'static) -> io::Result<()> {
        let shared = Arc::clone(self);
        self.alive.send_modify(|alive| *alive += 1);
        let started = Builder::new().name(name.to_owned()).spawn(move || {
            run(&shared);
            shared.alive.send_modify(|alive| *alive -= 1);
        });
        if let Err(error) = &started {
            tracing::warn!(%error, "no thread could be started for reads");
            self.alive.send_modify(|alive| *alive -= 1);
        }
        started.map(drop)
    }

    /// Runs jobs, as the thread with this number.
    fn serve(&self, number: usize) {
        let mut connection = None;
        let mut state = lock(&self.state);
        state.starting -= 1;
        loop {
            let now = Clock::System.ticks();
            if let Some(job) = self.next(&mut state, now) {
                state.running[number] = Some(now);
                drop(state);
                if catch_unwind(AssertUnwindSafe(|| job(Ok(&mut connection)))).is_err() {
                    connection = None;
                }
                state = lock(&self.state);
                state.running[number] = None;
            } else if state.is_closed {
                return;
            } else {
                state.sleeping += 1;
                state = self.sleep(state);
                state.sleeping -= 1;
                state.waking = state.waking.saturating_sub(1);
            }
        }
    }

    fn next(&self, state: &mut State, now: Duration) -> Option<Job> {
        let may_run = state.is_closed || self.has_room(state, now);
        if may_run { state.waiting.pop_front().map(|waiting| waiting.job) } else { None }
    }

    fn sleep<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let is_unneeded = |state: &mut State| state.waking == 0 && !state.is_closed;
        self.wake.wait_while(state, is_unneeded).unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks for long jobs, and for those that have waited for too long.
    fn watch(self: &Arc<Self>) {
        let mut idle = 0;
        let mut state = lock(&self.state);
        while !state.is_closed {
            let now = Clock::System.ticks();
            let notice = self.staff(&mut state, now);
            let expired = self.expired(&mut state, now);
            idle = if state.running.iter().all(Option::is_none) && state.waiting.is_empty() { idle + 1 } else { 0 };
            if notice.thread || !expired.is_empty() {
                drop(state);
                self.notify(&notice);
                for job in expired {
                    job(Err(Expired));
                }
                state = lock(&self.state);
            }
            state = if idle > IDLE_TICKS {
                state.watcher = Watcher::Asleep;
                idle = 0;
                let is_unneeded = |state: &mut State| state.watcher == Watcher::Asleep && !state.is_closed;
                self.watch.wait_while(state, is_unneeded).unwrap_or_else(PoisonError::into_inner)
            } else {
                self.watch.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner).0
            };
        }
    }

    /// Takes out the jobs that have waited for too long.
    fn expired(&self, state: &mut State, now: Duration) -> Vec<Job> {
        let is_late = |waiting: &Waiting| now.saturating_sub(waiting.since) >= self.settings.wait;
        let late = state.waiting.iter().take_while(|waiting| is_late(waiting)).count();
        state.waiting.drain(..late).map(|waiting| waiting.job).collect()
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::{mpsc, oneshot};

    use super::*;

    const NEVER: Duration = Duration::from_hours(1);

    /// Of the threads one may run at a time.
    const USUAL: Settings = Settings { threads: 8, parallel: 1, wait: NEVER, long: NEVER };

    /// Runs a job and waits for its end.
    async fn done(threads: &Threads) -> Result<(), Expired> {
        let (end, ended) = oneshot::channel();
        threads.run(Box::new(move |slot| end.send(slot.map(drop)).expect("a test that waits"))).expect("taken");
        ended.await.expect("ended")
    }

    /// Runs a job until the returned sender is used, and waits for its beginning.
    async fn held(threads: &Threads) -> std::sync::mpsc::Sender<()> {
        let (begun, has_begun) = oneshot::channel();
        let (end, ends) = std::sync::mpsc::channel();
        let job: Job = Box::new(move |_| {
            begun.send(()).expect("a test that waits");
            ends.recv().expect("an end");
        });
        threads.run(job).expect("taken");
        has_begun.await.expect("begun");
        end
    }

    #[tokio::test]
    async fn jobs_in_turn_need_one_thread() {
        let threads = Threads::new(USUAL);
        for _ in 0..100 {
            assert_eq!(done(&threads).await, Ok(()));
        }
        assert_eq!(lock(&threads.0.state).running.len(), 1);
    }

    #[tokio::test]
    async fn jobs_of_many_callers_are_all_run() {
        let threads = Arc::new(Threads::new(Settings { parallel: 3, ..USUAL }));
        let callers = (0..16).map(|_| {
            let threads = Arc::clone(&threads);
            tokio::spawn(async move {
                for _ in 0..200 {
                    assert_eq!(done(&threads).await, Ok(()));
                }
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.expect("every job has run");
        }
        assert!(lock(&threads.0.state).running.len() <= 3, "no more than may run at a time");
    }

    #[tokio::test]
    async fn jobs_are_run_in_their_order() {
        let threads = Threads::new(USUAL);
        let end = held(&threads).await;
        let (done, mut order) = mpsc::unbounded_channel();
        for number in 0..10 {
            let done = done.clone();
            threads.run(Box::new(move |_| done.send(number).expect("a test that waits"))).expect("taken");
        }
        end.send(()).expect("a job that waits");
        for number in 0..10 {
            assert_eq!(order.recv().await, Some(number));
        }
    }

    #[tokio::test]
    async fn long_job_keeps_no_other_from_running() {
        let threads = Threads::new(Settings { long: Duration::ZERO, ..USUAL });
        let ends = [held(&threads).await, held(&threads).await];
        assert_eq!(done(&threads).await, Ok(()));
        for end in ends {
            end.send(()).expect("a job that waits");
        }
    }

    #[tokio::test]
    async fn job_that_becomes_long_keeps_none_from_running() {
        let threads = Threads::new(Settings { long: Duration::from_millis(50), ..USUAL });
        let end = held(&threads).await;
        // Nothing else happens meanwhile: the watcher sees it.
        assert_eq!(done(&threads).await, Ok(()));
        end.send(()).expect("a job that waits");
    }

    #[tokio::test]
    async fn job_waits_for_a_limited_time() {
        let threads = Threads::new(Settings { threads: 1, wait: Duration::from_millis(50), ..USUAL });
        let end = held(&threads).await;
        assert_eq!(done(&threads).await, Err(Expired));
        end.send(()).expect("a job that waits");
        assert_eq!(done(&threads).await, Ok(()));
    }

    #[tokio::test]
    async fn watcher_that_slept_sees_the_next_long_job() {
        let threads = Threads::new(Settings { threads: 1, wait: Duration::from_millis(50), ..USUAL });
        assert_eq!(done(&threads).await, Ok(()));
        while lock(&threads.0.state).watcher != Watcher::Asleep {
            tokio::time::sleep(TICK).await;
        }
        let end = held(&threads).await;
        assert_eq!(done(&threads).await, Err(Expired));
        end.send(()).expect("a job that waits");
    }

    #[tokio::test]
    async fn closing_waits_for_what_runs_and_for_what_waits() {
        let threads = Threads::new(USUAL);
        let end = held(&threads).await;
        let (second, mut has_run) = oneshot::channel();
        threads.run(Box::new(move |_| second.send(()).expect("a test that waits"))).expect("taken");
        let mut closing = Box::pin(threads.close());
        assert!(futures_util::poll!(&mut closing).is_pending());
        end.send(()).expect("a job that waits");
        closing.await;
        assert_eq!(has_run.try_recv(), Ok(()));
        assert_eq!(threads.run(Box::new(|_| {})), Err(Closed));
    }

    #[tokio::test]
    async fn threads_end_with_the_last_handle() {
        let threads = Threads::new(USUAL);
        assert_eq!(done(&threads).await, Ok(()));
        let mut alive = threads.0.alive.subscribe();
        drop(threads);
        alive.wait_for(|alive| *alive == 0).await.expect("ended");
    }
}
