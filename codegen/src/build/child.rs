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
        let begun = Instant::now();
        loop {
            let status = match run_child(lmax, &path) {
                Ok(status) => status,
                Err(error) => {
                    let reason = format!("the process that derives could not be started ({error})");
                    return Ok(Outcome::Unavailable(reason));
                }
            };
            if status.success() {
                let text = fs::read_to_string(&path).map_err(|error| {
                    BuildError::Derivation(format!("cannot read {}: {error}", path.display()))
                })?;
                return Ok(Outcome::Derived(text));
            }
            if !aborted(status) {
                return Err(BuildError::Derivation(format!("the process ended with {status}")));
            }
            if begun.elapsed() > PATIENCE {
                return Ok(Outcome::Unavailable(format!(
                    "Symbolica could not be run for {} s ({status}), probably because another \
                     Symbolica program of this user was running",
                    PATIENCE.as_secs()
                )));
            }
            eprintln!("tesseral: Symbolica is in use by another program; trying again");
            sleep(PAUSE);
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

    /// Whether a process was ended by an abort: a signal on Unix, a fast-fail code on Windows.
    fn aborted(status: ExitStatus) -> bool {
        const FAST_FAIL: i32 = 0xC000_0409_u32 as i32;
        matches!(status.code(), None | Some(FAST_FAIL))
    }
}
