//! Derivation in a child process.
//!
//! Symbolica aborts the process that starts it while another restricted instance of the same user
//! runs. This crate's own derivations wait for each other (see `derive::region`); a Symbolica
//! program of the user does not, so the derivation runs in a child whose abort does no harm, and is
//! tried again until the patience is spent.

use std::path::Path;

use super::BuildError;

/// The variable that tells a process that it is the child, and where to write.
#[cfg(feature = "symbolica")]
const OUTPUT_VARIABLE: &str = "TESSERAL_DERIVE_TO";

/// The variable that tells the child its degree.
#[cfg(feature = "symbolica")]
const DEGREE_VARIABLE: &str = "TESSERAL_DERIVE_LMAX";

/// How a derivation ended.
#[cfg_attr(not(feature = "symbolica"), expect(dead_code, reason = "nothing is derived"))]
pub enum Outcome {
    /// The tables as text.
    Derived(String),
    /// Symbolica could not be run, for this reason.
    Unavailable(String),
}

#[cfg(not(feature = "symbolica"))]
pub fn serve() {}

#[cfg(not(feature = "symbolica"))]
pub fn derive(_lmax: usize, _folder: &Path) -> Result<Outcome, BuildError> {
    Ok(Outcome::Unavailable("the feature `symbolica` is off".to_string()))
}

#[cfg(feature = "symbolica")]
pub use with_symbolica::{derive, serve};

#[cfg(feature = "symbolica")]
mod with_symbolica {
    use std::process::{Command, ExitStatus, Stdio};
    use std::thread::sleep;
    use std::time::{Duration, Instant};
    use std::{env, fs, io};

    use super::{BuildError, DEGREE_VARIABLE, OUTPUT_VARIABLE, Outcome, Path};
    use crate::tables::snapshot;

    /// How long another Symbolica program is waited for.
    const PATIENCE: Duration = Duration::from_secs(60);

    /// The pause between two tries.
    const PAUSE: Duration = Duration::from_millis(500);

    /// The exit code of a child whose derivation failed. Its reason is on its standard error.
    const FAILED: i32 = 65;

    pub fn serve() {
        let Some(path) = env::var_os(OUTPUT_VARIABLE) else { return };
        let lmax = env::var(DEGREE_VARIABLE).ok().and_then(|value| value.parse().ok());
        let written = match lmax.map(crate::derive::tables) {
            Some(Ok(tables)) => {
                fs::write(path, snapshot::encode(&tables)).map_err(|e| e.to_string())
            }
            Some(Err(error)) => Err(error.to_string()),
            None => Err(format!("{DEGREE_VARIABLE} is not a degree")),
        };
        let code = match written {
            Ok(()) => 0,
            Err(reason) => {
                eprintln!("{reason}");
                FAILED
            }
        };
        std::process::exit(code)
    }

    pub fn derive(lmax: usize, folder: &Path) -> Result<Outcome, BuildError> {
        let path = folder.join("derived.txt");
        match attempt(|| run_child(lmax, &path), PATIENCE, PAUSE)? {
            Some(reason) => Ok(Outcome::Unavailable(reason)),
            None => match fs::read_to_string(&path) {
                Ok(text) => Ok(Outcome::Derived(text)),
                Err(error) => {
                    let path = path.display();
                    Err(BuildError::Derivation(format!("cannot read {path}: {error}")))
                }
            },
        }
    }

    /// Runs the child until it succeeds or fails, or the time since its first abort exceeds
    /// `patience`; then the reason why it could not be run.
    fn attempt(
        mut run: impl FnMut() -> io::Result<ExitStatus>,
        patience: Duration,
        pause: Duration,
    ) -> Result<Option<String>, BuildError> {
        let mut first_abort = None;
        loop {
            let status = match run() {
                Ok(status) if status.success() => return Ok(None),
                Ok(status) => status,
                Err(error) => {
                    let reason = format!("the process that derives could not be started ({error})");
                    return Ok(Some(reason));
                }
            };
            if !aborted(status) {
                return Err(BuildError::Derivation(format!("the process ended with {status}")));
            }
            if first_abort.get_or_insert_with(Instant::now).elapsed() >= patience {
                return Ok(Some(format!(
                    "Symbolica could not be run for {} s ({status}), probably because another \
                     Symbolica program of this user was running",
                    patience.as_secs()
                )));
            }
            eprintln!("tesseral: Symbolica is in use by another program; trying again");
            sleep(pause);
        }
    }

    /// Runs this program again as the child. What Symbolica prints goes to standard error, since
    /// cargo reads the standard output of a build script.
    fn run_child(lmax: usize, path: &Path) -> io::Result<ExitStatus> {
        Command::new(env::current_exe()?)
            .env(OUTPUT_VARIABLE, path)
            .env(DEGREE_VARIABLE, lmax.to_string())
            .stdin(Stdio::null())
            .stdout(io::stderr())
            .status()
    }

    /// Whether a process was ended by an abort of its own.
    #[cfg(unix)]
    fn aborted(status: ExitStatus) -> bool {
        use std::os::unix::process::ExitStatusExt;
        const SIGABRT: i32 = 6;
        status.signal() == Some(SIGABRT)
    }

    /// Whether a process was ended by an abort of its own: the code of a fast fail, or that of the
    /// C library's `abort`.
    #[cfg(not(unix))]
    fn aborted(status: ExitStatus) -> bool {
        const FAST_FAIL: i32 = 0xC000_0409_u32 as i32;
        matches!(status.code(), Some(FAST_FAIL | 3))
    }

    #[cfg(all(test, unix))]
    mod tests {
        use std::os::unix::process::ExitStatusExt;

        use super::*;

        /// Runs whose wait statuses are given in turn; the last is repeated.
        fn outcome(statuses: &[i32]) -> (Result<Option<String>, String>, usize) {
            let mut runs = 0;
            let run = || {
                let raw = statuses[runs.min(statuses.len() - 1)];
                runs += 1;
                Ok(ExitStatus::from_raw(raw))
            };
            let result = attempt(run, Duration::from_millis(20), Duration::from_millis(1));
            (result.map_err(|error| error.to_string()), runs)
        }

        const SUCCESS: i32 = 0;
        const ABORT: i32 = 6;
        const KILL: i32 = 9;

        #[test]
        fn an_abort_is_tried_again() {
            assert_eq!(outcome(&[SUCCESS]), (Ok(None), 1));
            assert_eq!(outcome(&[ABORT, ABORT, SUCCESS]), (Ok(None), 3));
        }

        #[test]
        fn patience_ends() {
            let (result, runs) = outcome(&[ABORT]);
            let reason = result.expect("an abort is no error").expect("it never succeeds");
            assert!(reason.starts_with("Symbolica could not be run for 0 s"), "{reason}");
            assert!(runs > 1);
        }

        #[test]
        fn any_other_end_is_an_error() {
            let (failed, runs) = outcome(&[FAILED << 8, SUCCESS]);
            let error = failed.expect_err("a failed proof");
            assert!(error.contains("exit status: 65"), "{error}");
            assert_eq!(runs, 1);
            assert!(outcome(&[KILL]).0.is_err());
        }

        #[test]
        fn a_program_that_cannot_start_is_replaced() {
            let run = || Err(io::Error::from(io::ErrorKind::PermissionDenied));
            let reason = attempt(run, Duration::ZERO, Duration::ZERO).expect("no error");
            assert!(reason.is_some_and(|reason| reason.contains("could not be started")));
        }
    }
}
