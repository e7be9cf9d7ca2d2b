use anyhow::{Context, Result, anyhow};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use weir_base::{Clock, Dice};
use weir_simulator::{Simulator, World};

use super::say;
use crate::{cli::SimulateArgs, lifecycle};

pub(super) async fn run(args: SimulateArgs) -> Result<()> {
    let world = match &args.world {
        None => World::demo(),
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("{} cannot be read", path.display()))?;
            World::from_toml(&text).map_err(|error| anyhow!("{}: {error}", path.display()))?
        }
    };
    let dice = args.seed.map_or_else(Dice::system, Dice::seeded);
    let simulator = match &args.state {
        None => Simulator::new(world, Clock::system(), dice),
        Some(file) => Simulator::load(world, Clock::system(), dice, file)?,
    };
    let listener = listen(args.port).await?;
    let address = listener.local_addr()?;
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let serving = tokio::spawn(async move { simulator.serve(listener, stopped.cancelled_owned()).await });
    let signals = lifecycle::Stop::listen()?;
    say(&format!("the simulator is ready at http://{address}"));
    signals.asked().await;
    stop.cancel();
    serving.await??;
    Ok(())
}

/// A simulator's socket; a port that is taken is answered with what to do.
pub(super) async fn listen(port: u16) -> Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", port)).await.with_context(|| {
        format!("the simulator cannot listen on 127.0.0.1:{port}: is the port taken? Choose another with --port (weir demo: --simulator-port)")
    })
}
