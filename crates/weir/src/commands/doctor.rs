use std::process::ExitCode;

use anyhow::Result;

use super::{place, say};
use crate::{
    cli::DoctorArgs,
    doctor::{self, Status},
};

pub(super) async fn run(args: DoctorArgs) -> Result<ExitCode> {
    let findings = doctor::examine(place::config(&args.place)).await;
    if args.json {
        say(&serde_json::to_string_pretty(&findings)?);
    } else {
        findings.iter().for_each(|finding| say(&finding.to_string()));
    }
    let ill = findings.iter().any(|finding| finding.status == Status::Failing);
    Ok(if ill { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
