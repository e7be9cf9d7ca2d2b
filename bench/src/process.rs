//! Processes that the harness starts, what they cost, and how they are ended. Nothing else is ever signalled.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use nix::{
    sys::signal::{Signal, kill},
    time::clock_getcpuclockid,
    unistd::{Pid, SysconfVar, sysconf},
};

use crate::time;

/// How long a process may take to end after it was asked to.
const PATIENCE: Duration = Duration::from_secs(15);

pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    /// The signal that asks this program to end in good order.
    goodbye: Signal,
}

/// Resident memory in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    pub now: u64,
    /// The most that it ever was.
    pub peak: u64,
}

impl Process {
    /// Starts `command`. What it prints goes to a file in `directory`, whose end is shown should it fail.
    pub fn start(name: &str, directory: &Path, command: &mut Command, goodbye: Signal) -> Result<Self> {
        let log = directory.join(format!("{name}.log"));
        let out = File::options().create(true).append(true).open(&log)?;
        command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out);
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        Ok(Self { name: name.to_owned(), child, log, goodbye })
    }

    fn pid(&self) -> Pid {
        // Process ids fit: the kernel's own type is the same.
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// An error with the last lines of its output, when the process has ended by itself.
    pub fn check(&mut self) -> Result<()> {
        let Some(status) = self.child.try_wait()? else { return Ok(()) };
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(20)..].join("\n");
        bail!("{} ended by itself ({status}):\n{tail}", self.name);
    }

    /// User and system time of all the process's threads since it started, those that ended included.
    pub fn cpu(&self) -> Result<Duration> {
        cpu_of(self.pid()).with_context(|| format!("no CPU time of {}", self.name))
    }

    /// The same for the process with its children, those that ended included. For PostgreSQL, which is a family.
    pub fn cpu_with_children(&self) -> Result<Duration> {
        let mut total = self.cpu()?;
        for entry in fs::read_dir("/proc")? {
            let path = entry?.path();
            let pid = path.file_name().and_then(|name| name.to_str()?.parse::<i32>().ok());
            let Some(pid) = pid else { continue };
            // A process may end between being listed and being read.
            let Ok(stat) = fs::read_to_string(path.join("stat")) else { continue };
            if pid == self.pid().as_raw() {
                total += ended_children(&stat).context("unreadable /proc/…/stat")?;
            } else if parent(&stat) == Some(self.pid().as_raw()) {
                total += cpu_of(Pid::from_raw(pid)).unwrap_or_default();
            }
        }
        Ok(total)
    }

    pub fn memory(&self) -> Result<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        memory_of(&status).with_context(|| format!("no memory figures of {}", self.name))
    }

    /// Asks the process to end and waits for it.
    ///
    /// # Errors
    /// When it does not end in time (it is killed then), or ends with anything but success.
    pub async fn stop(mut self) -> Result<()> {
        kill(self.pid(), self.goodbye).with_context(|| format!("cannot end {}", self.name))?;
        let mut ended: Option<ExitStatus> = None;
        time::wait_for(PATIENCE, Duration::from_millis(5), &format!("ending {}", self.name), async || {
            ended = self.child.try_wait()?;
            Ok(ended.is_some())
        })
        .await?;
        match ended {
            Some(status) if !status.success() => bail!("{} ended with {status}", self.name),
            _ => Ok(()),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // For a process that has been waited for these do nothing: its id is never signalled again.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn cpu_of(pid: Pid) -> nix::Result<Duration> {
    Ok(clock_getcpuclockid(pid)?.now()?.into())
}

/// The fields of `/proc/…/stat` from the third on; the second, the name, may hold spaces and brackets.
fn fields(stat: &str) -> Option<Vec<&str>> {
    Some(stat.get(stat.rfind(')')? + 1..)?.split_whitespace().collect())
}

fn parent(stat: &str) -> Option<i32> {
    fields(stat)?.get(1)?.parse().ok()
}

/// CPU time of children that ended and were waited for (fields 16 and 17, in clock ticks).
fn ended_children(stat: &str) -> Option<Duration> {
    let fields = fields(stat)?;
    let ticks = fields.get(13)?.parse::<u32>().ok()? + fields.get(14)?.parse::<u32>().ok()?;
    let per_second = u32::try_from(sysconf(SysconfVar::CLK_TCK).ok()??).ok()?;
    Some(Duration::from_secs(1) * ticks / per_second)
}

fn memory_of(status: &str) -> Option<Memory> {
    let bytes = |name| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? * 1024)
    };
    Some(Memory { now: bytes("VmRSS:")?, peak: bytes("VmHWM:")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "42 (odd) name (x) S 7 42 42 0 -1 4194304 1 2 3 4 500 600 150 250 20 0 1 0 9 9";

    #[test]
    fn stat_is_read_behind_a_name_with_spaces_and_brackets() {
        assert_eq!(parent(STAT), Some(7));
        let ticks = u32::try_from(sysconf(SysconfVar::CLK_TCK).unwrap().unwrap()).unwrap();
        assert_eq!(ended_children(STAT), Some(Duration::from_secs(400) / ticks));
        assert_eq!(parent("nonsense"), None);
    }

    #[test]
    fn memory_is_read_in_bytes() {
        let status = "Name:\tx\nVmPeak:\t 99 kB\nVmHWM:\t    2168 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!(memory_of(status), Some(Memory { now: 1 << 20, peak: 2168 << 10 }));
        assert_eq!(memory_of("Name:\tzombie\n"), None);
    }

    #[tokio::test]
    async fn a_process_that_ends_in_good_order_is_told_from_one_that_fails() {
        let directory = tempfile::tempdir().unwrap();
        let shell = |name, script: &str| {
            Process::start(name, directory.path(), Command::new("sh").args(["-c", script]), Signal::SIGTERM)
                .unwrap()
        };
        // The shell says that its trap is set; before that, the signal would end it.
        let heard = async |process: &Process| {
            let step = Duration::from_millis(1);
            time::wait_for(PATIENCE, step, "the shell", async || {
                Ok(fs::read_to_string(&process.log)? == "up\n")
            })
            .await
            .unwrap();
        };
        let polite = shell("polite", "trap 'exit 0' TERM; echo up; while :; do sleep 0.01; done");
        heard(&polite).await;
        polite.stop().await.unwrap();
        let rude = shell("rude", "trap 'exit 3' TERM; echo up; while :; do sleep 0.01; done");
        heard(&rude).await;
        assert!(rude.stop().await.unwrap_err().to_string().contains('3'));
    }

    #[tokio::test]
    async fn a_process_that_failed_shows_its_last_words() {
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo no secret set >&2; exit 2"]);
        let mut process = Process::start("weir", directory.path(), &mut command, Signal::SIGTERM).unwrap();
        let mut error = None;
        time::wait_for(PATIENCE, Duration::from_millis(1), "the end", async || {
            error = process.check().err();
            Ok(error.is_some())
        })
        .await
        .unwrap();
        let error = error.unwrap().to_string();
        assert!(error.contains("no secret set") && error.contains('2'), "{error}");
    }

    #[test]
    fn work_shows_in_the_cpu_time() {
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "while :; do :; done"]);
        let busy = Process::start("busy", directory.path(), &mut command, Signal::SIGTERM).unwrap();
        let before = busy.cpu().unwrap();
        while busy.cpu().unwrap() < before + Duration::from_millis(20) {
            std::thread::yield_now();
        }
        assert!(busy.cpu_with_children().unwrap() >= before + Duration::from_millis(20));
    }
}
