mod admin;
mod demo;
mod doctor;
mod place;
mod serve;
mod simulate;
mod token;
mod walk;

use std::{io::Write, process::ExitCode};

use anyhow::Result;

use crate::{
    cli::{AccountCommand, Cli, Command, ConfigArgs, KeyCommand, Reference},
    config, telemetry,
};

/// Does what the command line says.
pub fn run(cli: Cli) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    let done = runtime.block_on(dispatch(cli.command));
    // A look-up of a name or a disk that does not answer must not hold up the end.
    runtime.shutdown_background();
    match done {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

fn fail(error: &anyhow::Error) -> ExitCode {
    // Nobody is there to hear of a standard error that is closed.
    let _ = writeln!(std::io::stderr(), "weir: {error:#}");
    ExitCode::FAILURE
}

/// Prints to the standard output; a closed pipe (`weir config | head`) is no error.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

async fn dispatch(command: Command) -> Result<ExitCode> {
    match command {
        Command::Serve(args) => serve::run(args).await?,
        Command::Demo(args) if args.once => return walk::run(args).await,
        Command::Demo(args) => demo::run(args).await?,
        Command::Simulate(args) => simulate::run(args).await?,
        Command::Doctor(args) => return doctor::run(args).await,
        Command::Migrate(place) => admin::migrate(&place).await?,
        Command::Key { command } => match command {
            KeyCommand::Create { scope, name, place } => admin::create_key(&scope, &name, &place).await?,
            KeyCommand::List { place } => admin::list_keys(&place).await?,
            KeyCommand::Revoke { id, place } => admin::revoke_key(&id, &place).await?,
        },
        Command::Token(args) => token::run(&args)?,
        Command::Account { command: AccountCommand::Unmerge { id, place } } => {
            admin::unmerge(id, &place).await?;
        }
        Command::Config(args) => print_config(&args)?,
        Command::Openapi => print_whole(weir_http::openapi_json()),
    }
    Ok(ExitCode::SUCCESS)
}

fn print_config(args: &ConfigArgs) -> Result<()> {
    let text = match args.reference {
        None => config::show(&place::config(&args.place)?),
        Some(Reference::Settings) => config::reference::settings(),
        Some(Reference::Environment) => config::reference::environment(),
        Some(Reference::Example) => config::reference::example(),
        Some(Reference::Cli) => cli_reference(),
        Some(Reference::Metrics) => telemetry::metrics_reference(),
    };
    print_whole(&text);
    Ok(())
}

fn print_whole(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// `docs/reference/cli.md`: the help of every command.
fn cli_reference() -> String {
    use clap::CommandFactory;
    let mut text = "# Command line\n\nGenerated: `weir config --reference cli`.\n".to_owned();
    let mut root = Cli::command().term_width(100);
    root.build();
    describe(&mut root, "weir", &mut text);
    text
}

fn describe(command: &mut clap::Command, name: &str, text: &mut String) {
    let help = command.render_long_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    text.push_str(&format!("\n## {name}\n\n```text\n{}\n```\n", help.join("\n").trim_end()));
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for sub in names.iter().filter(|sub| *sub != "help") {
        if let Some(found) = command.find_subcommand_mut(sub) {
            describe(found, &format!("{name} {sub}"), text);
        }
    }
}
