//! What the functions of the plugin share: its threads, its processes, and their end.

use crate::config::Config;
use crate::spawn::{Order, Product};
use crate::worker::Link;
use futures_util::future::join_all;
use plugin_api::{Host, tokio};
use processes::{Pool, Registry};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// One for the plugin.
pub(crate) struct Shared {
    pub(crate) host: Host,
    pub(crate) config: Config,
    pub(crate) pool: Pool<Order, Product>,
    /// Every worker that lives, and some that do not any more.
    links: Mutex<Vec<Weak<Link>>>,
}

impl Shared {
    pub(crate) fn new(host: Host, config: Config, pool: Pool<Order, Product>) -> Self {
        Self { host, config, pool, links: Mutex::default() }
    }

    pub(crate) fn registry(&self) -> &Arc<Registry> {
        self.pool.registry()
    }

    /// A worker that is asked to end with the host.
    pub(crate) fn remember(&self, link: &Arc<Link>) {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        if links.len() == links.capacity() {
            links.retain(|link| link.strong_count() > 0);
        }
        links.push(Arc::downgrade(link));
    }

    /// Workers finish what they are at; whoever is left when most of the grace is over is asked by a signal, then killed.
    pub(crate) async fn end(&self, grace: Duration) {
        self.registry().close();
        let links = std::mem::take(&mut *self.links.lock().unwrap_or_else(PoisonError::into_inner));
        let links: Vec<Arc<Link>> = links.iter().filter_map(Weak::upgrade).collect();
        links.iter().for_each(|link| link.ask_to_end());
        let first_part = grace.mul_f32(0.75);
        let all = join_all(links.iter().map(|link| link.ended()));
        let _ = tokio::time::timeout(first_part, all).await;
        self.registry().end(grace - first_part).await;
    }
}
