//! The one region in which Symbolica runs.
//!
//! Without a key Symbolica allows one thread per user on the whole machine and aborts the process
//! that starts a second. The allowance belongs to a thread until that thread ends. So every
//! derivation runs on a thread of its own, under a mutex of this process and a lock file of this
//! user, and the thread has ended before either is released.

use std::fs::{File, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::Mutex;
use std::{env, panic, thread};

static PROCESS: Mutex<()> = Mutex::new(());

/// Runs `work` where it may use Symbolica, waiting for other derivations first.
///
/// # Panics
/// If `work` panics.
pub fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let _process = PROCESS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let _machine = lock_machine();
    match thread::spawn(work).join() {
        Ok(result) => result,
        Err(cause) => panic::resume_unwind(cause),
    }
}

/// Locks the file of this user; the lock ends with the returned file or with the process. Where no
/// lock can be had (a read-only file system) the derivation goes on without.
fn lock_machine() -> Option<File> {
    let file = File::options().create(true).append(true).open(lock_path()).ok()?;
    if let Err(TryLockError::WouldBlock) = file.try_lock() {
        eprintln!("tesseral: another process derives with Symbolica; waiting until it has ended");
        file.lock().ok()?;
    }
    Some(file)
}

/// A path in the machine's folder for temporary files, different for every home folder.
fn lock_path() -> PathBuf {
    let mut hasher = DefaultHasher::new();
    env::home_dir().hash(&mut hasher);
    env::temp_dir().join(format!("tesseral-symbolica-{:016x}.lock", hasher.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_inside_reaches_the_caller_and_frees_the_region() {
        let outcome = panic::catch_unwind(|| run(|| panic!("inside")));
        assert!(outcome.is_err());
        assert_eq!(run(|| 7), 7);
    }
}
