//! Work that takes a processor for long, in threads that stand back behind those of requests.

use std::{io, thread};

use tokio::sync::oneshot;

/// The nice value of these threads: beside a busy thread of normal priority, one gets a fifth of a processor.
const NICE: i32 = 6;

/// Runs `work` in a thread of its own at lower priority; a thread cannot raise its priority again. The receiver fails if `work`
/// panics.
pub fn spawn<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> io::Result<oneshot::Receiver<T>> {
    let (sender, receiver) = oneshot::channel();
    thread::Builder::new().name(name.to_owned()).spawn(move || {
        lower_thread_priority();
        // The receiver may have been dropped.
        let _gone = sender.send(work());
    })?;
    Ok(receiver)
}

/// Lets the other threads of the process go first, where that can be said of a thread: elsewhere than on Linux it would be
/// said of the process.
fn lower_thread_priority() {
    if cfg!(target_os = "linux") {
        // If it may not, it takes its turn as any other.
        let _as_any_other = rustix::process::nice(NICE);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::getpriority_process;

    #[tokio::test]
    async fn the_thread_alone_stands_back() {
        let before = getpriority_process(None).expect("a priority");
        let priority = super::spawn("background", || getpriority_process(None)).expect("a thread");
        assert_eq!(priority.await.expect("an answer").expect("a priority"), before + super::NICE);
        assert_eq!(getpriority_process(None).expect("a priority"), before);
    }
}
