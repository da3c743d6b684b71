//! The floor of the host's path: a bare axum handler that gives the body back.

use axum::body::Bytes;
use axum::routing::post;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("listening on http://{}", listener.local_addr()?);
        let router = axum::Router::new().route("/f/echo", post(|body: Bytes| async { body }));
        axum::serve(listener, router).await
    })
}
