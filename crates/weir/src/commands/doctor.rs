use std::process::ExitCode;

use anyhow::Result;

use super::{place, say};
use crate::{
    cli::DoctorArgs,
    doctor::{self, Language, Status},
};

pub(super) async fn run(args: DoctorArgs) -> Result<ExitCode> {
    let language = args.lang.unwrap_or_else(Language::of_environment);
    let findings = doctor::examine(place::config(&args.place)).await;
    if args.json {
        let told: Vec<_> = findings.iter().map(|finding| finding.told(language)).collect();
        say(&serde_json::to_string_pretty(&told)?);
    } else {
        findings.iter().for_each(|finding| say(&finding.text(language)));
    }
    let ill = findings.iter().any(|finding| finding.status == Status::Failing);
    Ok(if ill { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
