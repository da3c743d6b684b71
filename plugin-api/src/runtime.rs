//! The plugin's own tokio runtime: one an instance, started when first needed, ended with the instance.

#[cfg(feature = "rt")]
pub(crate) use with_tokio::Runtime;
#[cfg(not(feature = "rt"))]
pub(crate) use without_tokio::Runtime;

#[cfg(feature = "rt")]
mod with_tokio {
    use crate::{Error, Result};
    use std::sync::OnceLock;
    use tokio::runtime::{Builder, EnterGuard, Runtime as Tokio};

    pub(crate) struct Runtime {
        tokio: OnceLock<Tokio>,
        own: bool,
    }

    impl Runtime {
        pub(crate) fn new(own: bool) -> Result<Self> {
            Ok(Self { tokio: OnceLock::new(), own })
        }

        fn tokio(&self) -> &Tokio {
            self.tokio.get_or_init(|| {
                // One thread drives timers and sockets; the host's workers poll the futures. An own executor gets two,
                // so that one blocking call does not stop the plugin's other calls.
                Builder::new_multi_thread()
                    .worker_threads(if self.own { 2 } else { 1 })
                    .thread_name("plugin")
                    .enable_all()
                    .build()
                    .expect("a runtime needs one thread and one epoll descriptor")
            })
        }

        /// Makes timers and sockets of this runtime usable in the current thread.
        pub(crate) fn enter(&self) -> Option<EnterGuard<'_>> {
            Some(self.tokio().enter())
        }

        pub(crate) fn runs_own(&self) -> bool {
            self.own
        }

        /// Runs `future` on the plugin's own threads; dropping what comes back aborts it.
        pub(crate) async fn spawn<T: Send + 'static>(
            &self,
            future: impl Future<Output = T> + Send + 'static,
        ) -> Result<T> {
            struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);
            impl<T> Drop for AbortOnDrop<T> {
                fn drop(&mut self) {
                    self.0.abort();
                }
            }
            let mut task = AbortOnDrop(self.tokio().spawn(future));
            (&mut task.0).await.map_err(|error| Error::plugin(error.to_string()))
        }
    }

    impl Drop for Runtime {
        fn drop(&mut self) {
            // In the background: the last reference may go on one of its own threads, where waiting would deadlock.
            if let Some(tokio) = self.tokio.take() {
                tokio.shutdown_background();
            }
        }
    }
}

#[cfg(not(feature = "rt"))]
mod without_tokio {
    use crate::{Error, Result};

    pub(crate) struct Runtime;

    impl Runtime {
        pub(crate) fn new(own: bool) -> Result<Self> {
            if own {
                return Err(Error::config(
                    "executor",
                    "`own` needs a plugin that was built with plugin-api's feature `rt`; use `host`",
                ));
            }
            Ok(Self)
        }

        pub(crate) fn enter(&self) -> Option<std::convert::Infallible> {
            None
        }

        pub(crate) fn runs_own(&self) -> bool {
            false
        }

        pub(crate) async fn spawn<T>(&self, future: impl Future<Output = T>) -> Result<T> {
            Ok(future.await)
        }
    }
}
