//! The one region in which Symbolica runs.
//!
//! Without a key Symbolica allows one thread per user on the whole machine and aborts the process
//! that starts a second. The allowance belongs to a thread until that thread ends. So every
//! derivation runs on a thread of its own, under a mutex of this process and a lock file of this
//! user, and the thread has ended before either is released.

use std::fs::{File, TryLockError};
use std::path::PathBuf;
use std::sync::Mutex;
use std::{env, fs, panic, thread};

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
    let path = lock_path();
    let locked = File::options().create(true).append(true).open(&path).and_then(|file| {
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            eprintln!(
                "tesseral: another process derives with Symbolica; waiting until it has ended"
            );
            file.lock()?;
        }
        Ok(file)
    });
    match locked {
        Ok(file) => Some(file),
        Err(error) => {
            eprintln!("tesseral: cannot lock {}: {error}; deriving without", path.display());
            None
        }
    }
}

/// A file in the user's folder for caches, which is made if need be: processes of one user share it
/// whatever their folder for temporary files is. Without a home, a file in the latter.
fn lock_path() -> PathBuf {
    let folder = env::home_dir().map(|home| home.join(".cache"));
    let folder = folder.filter(|folder| fs::create_dir_all(folder).is_ok());
    folder.unwrap_or_else(env::temp_dir).join("tesseral-symbolica.lock")
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
