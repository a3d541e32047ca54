//! The event loop of Node, which reads what child processes say.
//!
//! Node exports libuv. Runtimes that only look like Node don't, or not for use; there, `codecell-host` reads.

#[cfg(not(target_os = "linux"))]
pub use elsewhere::read_in_loop;
#[cfg(target_os = "linux")]
pub use linux::read_in_loop;

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::{CStr, c_char, c_int, c_void};
    use std::mem::transmute;
    use std::os::fd::AsRawFd;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;

    use napi::{Env, sys};

    use crate::host::supervisor::LoopReader;

    /// `uv_handle_type` of a poll handle, and `uv_poll_event` for reading. Both are part of libuv's stable interface.
    const UV_POLL: c_int = 8;
    const UV_READABLE: c_int = 1;

    /// A `uv_poll_t`. Its size is known to libuv alone.
    #[repr(C)]
    struct Handle {
        /// Every libuv handle begins with it, and leaves it to its user.
        data: *mut c_void,
    }

    type Loop = c_void;
    type PollCallback = unsafe extern "C" fn(*mut Handle, c_int, c_int);
    type CloseCallback = unsafe extern "C" fn(*mut Handle);

    type VersionString = unsafe extern "C" fn() -> *const c_char;
    type HandleSize = unsafe extern "C" fn(c_int) -> usize;
    type PollInit = unsafe extern "C" fn(*mut Loop, *mut Handle, c_int) -> c_int;
    type PollStart = unsafe extern "C" fn(*mut Handle, c_int, PollCallback) -> c_int;
    type Unref = unsafe extern "C" fn(*mut Handle);
    type Close = unsafe extern "C" fn(*mut Handle, CloseCallback);

    /// What is needed of libuv.
    #[derive(Clone, Copy)]
    struct Libuv {
        handle_size: HandleSize,
        poll_init: PollInit,
        poll_start: PollStart,
        unref: Unref,
        close: Close,
    }

    impl Libuv {
        /// None: the program has no libuv of this version, or hides it.
        fn find(version: &str) -> Option<Self> {
            // SAFETY: this is the type that uv.h declares for this name. It returns a C string that stays.
            let found = unsafe {
                let version_string = transmute::<*mut c_void, VersionString>(symbol(c"uv_version_string")?);
                CStr::from_ptr(version_string())
            };
            // A library may have brought another one along.
            if found.to_bytes() != version.as_bytes() {
                return None;
            }
            // SAFETY: these are the types that uv.h declares for these names.
            unsafe {
                Some(Self {
                    handle_size: transmute::<*mut c_void, HandleSize>(symbol(c"uv_handle_size")?),
                    poll_init: transmute::<*mut c_void, PollInit>(symbol(c"uv_poll_init")?),
                    poll_start: transmute::<*mut c_void, PollStart>(symbol(c"uv_poll_start")?),
                    unref: transmute::<*mut c_void, Unref>(symbol(c"uv_unref")?),
                    close: transmute::<*mut c_void, Close>(symbol(c"uv_close")?),
                })
            }
        }
    }

    fn symbol(name: &CStr) -> Option<*mut c_void> {
        // SAFETY: it reads a C string.
        let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
        (!address.is_null()).then_some(address)
    }

    /// What a poll handle has for data, from its start until it is closed.
    struct Polling {
        reader: Arc<LoopReader>,
        libuv: Libuv,
        /// Where the handle is. libuv alone touches it.
        memory: Vec<u128>,
        /// The cleanup of the environment that waits for the handle to be closed.
        cleanup: sys::napi_async_cleanup_hook_handle,
    }

    impl Polling {
        fn handle(&mut self) -> *mut Handle {
            self.memory.as_mut_ptr().cast()
        }
    }

    /// Has the event loop of this environment read what children say, for as long as there is the environment. None if
    /// it can't. `version` is that of the loop's libuv.
    pub fn read_in_loop(env: &Env, version: &str) -> Option<Arc<LoopReader>> {
        let libuv = Libuv::find(version)?;
        let event_loop = env.get_uv_event_loop().ok()?;
        let reader = Arc::new(LoopReader::new().ok()?);
        // SAFETY: it takes a number.
        let bytes = unsafe { (libuv.handle_size)(UV_POLL) };
        let memory = vec![0; bytes.div_ceil(size_of::<u128>()).max(1)];
        let cleanup = std::ptr::null_mut();
        let mut polling = Box::new(Polling { reader: Arc::clone(&reader), libuv, memory, cleanup });
        let handle = polling.handle();
        // SAFETY: the loop is the one of this thread, as Node says. The handle has the size that libuv asks for, and the
        // reader keeps the descriptor open for longer than there is the handle.
        if unsafe { (libuv.poll_init)(event_loop.cast(), handle, reader.as_raw_fd()) } != 0 {
            return None;
        }
        let polling = Box::into_raw(polling);
        // SAFETY: the handle is initialised, and `polling` lives until it is closed. Both are used on this thread only.
        unsafe {
            (*handle).data = polling.cast();
            (libuv.unref)(handle);
            let started = (libuv.poll_start)(handle, UV_READABLE, on_readable) == 0;
            let hook = &raw mut (*polling).cleanup;
            let hooked =
                sys::napi_add_async_cleanup_hook(env.raw(), Some(on_environment_end), polling.cast(), hook);
            if hooked != sys::Status::napi_ok {
                close(polling);
                return None;
            }
            started.then_some(reader)
        }
    }

    /// # Safety
    /// libuv calls it, with the handle of a [`Polling`].
    unsafe extern "C" fn on_readable(handle: *mut Handle, status: c_int, _events: c_int) {
        // SAFETY: its data is set before it is started, and lives until it is closed.
        let reader = unsafe { &(*(*handle).data.cast::<Polling>()).reader };
        // It catches its panics. If there is one all the same, or the loop can't poll any more, `codecell-host` reads.
        let read = catch_unwind(AssertUnwindSafe(|| reader.read()));
        if status < 0 || read.is_err() {
            close_reader(reader);
        }
    }

    /// Leaves the children to `codecell-host`. A panic, which would be a defect, must not get into libuv.
    fn close_reader(reader: &LoopReader) {
        let _ = catch_unwind(AssertUnwindSafe(|| reader.close()));
    }

    /// # Safety
    /// Node calls it once, on the thread of the loop, with the [`Polling`] of the environment.
    unsafe extern "C" fn on_environment_end(_hook: sys::napi_async_cleanup_hook_handle, data: *mut c_void) {
        // SAFETY: it is closed here and nowhere else once the hook was added.
        unsafe { close(data.cast()) };
    }

    /// # Safety
    /// To be called once, on the thread of the loop.
    unsafe fn close(polling: *mut Polling) {
        // SAFETY: it lives until the handle is closed, which begins here. A handle that is closed calls back no more.
        let polling = unsafe { &mut *polling };
        let close = polling.libuv.close;
        close_reader(&polling.reader);
        // SAFETY: the handle was initialised, and is closed once.
        unsafe { close(polling.handle(), on_closed) };
    }

    /// # Safety
    /// libuv calls it, once, with the handle of a [`Polling`].
    unsafe extern "C" fn on_closed(handle: *mut Handle) {
        // SAFETY: libuv is done with the handle, which was its data's only user.
        let polling = unsafe { Box::from_raw((*handle).data.cast::<Polling>()) };
        if !polling.cleanup.is_null() {
            // SAFETY: the hook was added, and is removed once.
            unsafe { sys::napi_remove_async_cleanup_hook(polling.cleanup) };
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::sync::Arc;

    use napi::Env;

    use crate::host::supervisor::LoopReader;

    /// Sets of descriptors that can be polled are Linux's alone.
    pub fn read_in_loop(_env: &Env, _version: &str) -> Option<Arc<LoopReader>> {
        None
    }
}
