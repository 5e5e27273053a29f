//! Threads that may wait for the disk.
//!
//! The threads that serve requests must not: they verify keys, and idle ones hand the events of all sockets to one of them. A request
//! that writes runs on threads of its own, and executes its statements there, in place: to hand each to another thread
//! and to wait for it takes several times as long as most of them.

use std::cell::Cell;
use std::io;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use sea_orm::{DbErr, RuntimeErr};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::{AbortHandle, JoinError, JoinHandle};

use super::DbResult;

/// The time between two wake-ups of the threads. If the thread that waits for timers goes on to wait for the disk, no other one takes
/// them over by itself.
const WAKE: Duration = Duration::from_millis(100);

thread_local! {
    static MAY_BLOCK: Cell<bool> = const { Cell::new(false) };
}

/// A runtime whose threads may wait for the disk.
#[derive(Debug)]
pub(super) struct BlockingRuntime {
    /// `None` once it has been shut down.
    runtime: Option<Runtime>,
    waking: AbortHandle,
}

impl BlockingRuntime {
    /// Starts as many threads as there are processors. Of two, one is left while the other waits for the disk: only the holder of
    /// the write connection does.
    pub(super) fn start() -> io::Result<Self> {
        let threads = available_parallelism().map_or(2, NonZero::get).max(2);
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(threads).thread_name("write").enable_all().on_thread_start(|| MAY_BLOCK.set(true));
        let runtime = builder.build()?;
        let waking = tokio::spawn(wake(runtime.handle().clone())).abort_handle();
        Ok(Self { runtime: Some(runtime), waking })
    }

    /// Runs a future there. It is dropped if the caller is.
    pub(super) async fn run<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) -> Result<T, JoinError> {
        let mut task = AbortOnDrop(self.handle().spawn(task));
        (&mut task.0).await
    }

    fn handle(&self) -> &Handle {
        self.runtime.as_ref().expect("shut down only when dropped").handle()
    }
}

impl Drop for BlockingRuntime {
    fn drop(&mut self) {
        self.waking.abort();
        // Not the drop of the runtime itself, which waits for its threads, and must not be called by an asynchronous one.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Wakes a thread of a runtime again and again.
async fn wake(runtime: Handle) {
    loop {
        tokio::time::sleep(WAKE).await;
        drop(runtime.spawn(async {}));
    }
}

struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The place where statements run that may wait for the disk. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocking(Option<Arc<BlockingRuntime>>);

impl Blocking {
    /// Returns the place on the threads of this runtime, or, without one, on those that the runtime of each caller has for what
    /// blocks.
    pub(super) fn new(threads: Option<BlockingRuntime>) -> Self {
        Self(threads.map(Arc::new))
    }

    pub(super) fn threads(&self) -> Option<&BlockingRuntime> {
        self.0.as_deref()
    }

    /// Runs `work` on this thread if it may wait for the disk, and otherwise on one that may, where it runs to its end also
    /// if the caller is dropped. Panics if `work` does.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> DbResult<T> + Send + 'static) -> DbResult<T> {
        if MAY_BLOCK.get() { work() } else { self.run_apart(work).await }
    }

    /// Runs `work` on another thread that may wait for the disk, to its end. Panics if `work` does.
    pub(super) async fn run_apart<T: Send + 'static>(&self, work: impl FnOnce() -> DbResult<T> + Send + 'static) -> DbResult<T> {
        match self.spawn(&Handle::current(), work).await {
            Ok(result) => result,
            Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
            Err(error) => Err(DbErr::Conn(RuntimeErr::Internal(error.to_string()))),
        }
    }

    /// Runs `work` as [`Blocking::run`] does, or, if `is_apart`, as [`Blocking::run_apart`] does, and does not wait for its end if it
    /// runs on another thread. `caller` is the runtime of the caller. If the threads are shut down, `work` is dropped.
    pub(super) fn run_detached(&self, caller: &Handle, is_apart: bool, work: impl FnOnce() + Send + 'static) {
        if MAY_BLOCK.get() && !is_apart { work() } else { drop(self.spawn(caller, work)) }
    }

    /// Not on the threads that run requests: what waits for the disk without a turn would take the last one of them.
    fn spawn<T: Send + 'static>(&self, caller: &Handle, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        self.threads().map_or(caller, BlockingRuntime::handle).spawn_blocking(work)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_runs_in_place_on_threads_that_may_block_and_elsewhere_otherwise() {
        async fn is_in_place(blocking: Blocking) -> bool {
            let here = std::thread::current().id();
            blocking.run(move || Ok(std::thread::current().id() == here)).await.expect("done")
        }
        let blocking = Blocking::new(Some(BlockingRuntime::start().expect("threads")));
        assert!(!is_in_place(blocking.clone()).await, "a thread of the test");
        assert!(!is_in_place(Blocking::default()).await, "a thread of the test");
        let threads = blocking.threads().expect("threads");
        assert!(threads.run(is_in_place(blocking.clone())).await.expect("done"));
    }

    #[tokio::test]
    async fn timers_go_on_while_a_thread_is_blocked() {
        let threads = BlockingRuntime::start().expect("threads");
        let (release, blocked) = mpsc::channel::<()>();
        // The thread that waits for timers is the one that is blocked then.
        let blocking = threads.run(async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let _released = blocked.recv();
        });
        let timed = threads.run(tokio::time::sleep(Duration::from_millis(20)));
        let released = async {
            timed.await.expect("done");
            drop(release);
        };
        let (blocking, ()) = tokio::join!(blocking, released);
        blocking.expect("done");
    }

    #[tokio::test]
    async fn task_ends_with_its_caller() {
        let threads = BlockingRuntime::start().expect("threads");
        let (held, ended) = oneshot::channel::<()>();
        let endless = threads.run(async move {
            std::future::pending::<()>().await;
            drop(held);
        });
        tokio::time::timeout(Duration::from_millis(1), endless).await.expect_err("it waits");
        ended.await.expect_err("dropped");
    }

    #[tokio::test]
    async fn panic_of_a_task_is_an_error() {
        let threads = BlockingRuntime::start().expect("threads");
        let panicked = threads.run(async { panic!("in a task") }).await;
        assert!(panicked.expect_err("a panic").is_panic());
    }
}
