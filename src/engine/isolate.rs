//! Makes virgin isolates with a context in which the helpers stand ready.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::sync::Arc;

use super::buffers::BufferMeter;
use super::resizable_buffers::PristineArrayBuffer;
use super::stack::PristineErrors;
use super::stop::{StopFlag, StopReason};
use super::{CellLimits, modules, out_of_memory, snapshot, state};

/// What an isolate is made with. It can't be changed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct IsolateOptions {
    /// V8 heap, in bytes.
    pub(super) heap_bytes: usize,
}

impl Default for IsolateOptions {
    fn default() -> Self {
        Self { heap_bytes: CellLimits::default().heap_bytes }
    }
}

/// An isolate that no script has touched, on the thread that made it.
pub(super) struct VirginIsolate {
    // The context goes first: a handle must not outlive its isolate.
    pub(super) context: v8::Global<v8::Context>,
    /// What V8 gave the context for errors.
    pub(super) errors: Option<PristineErrors>,
    /// The helpers, out of every script's reach.
    pub(super) helpers: Option<v8::Global<v8::Object>>,
    /// What stands behind `ArrayBuffer`.
    pub(super) array_buffer: Option<PristineArrayBuffer>,
    pub(super) isolate: v8::OwnedIsolate,
    /// What its `ArrayBuffer`s use.
    pub(super) buffers: Arc<BufferMeter>,
    options: IsolateOptions,
    heap_guard: Box<HeapGuard>,
}

/// How often a heap may grow past its limit while its script is being stopped, by as much as the limit each time: a map
/// that doubles asks for half of that at once, and what it asks for and does not get costs the whole engine. After that
/// V8 is out of memory.
const MOST_RAISES: u32 = 2;

/// What V8 hands to the near-heap-limit callback.
struct HeapGuard {
    /// That of the cell; none while the isolate is virgin.
    stop: RefCell<Option<Arc<StopFlag>>>,
    buffers: Arc<BufferMeter>,
    handle: v8::IsolateHandle,
    headroom: usize,
    raises: Cell<u32>,
}

impl VirginIsolate {
    /// Makes one on the calling thread, which must be an engine thread.
    pub(super) fn new(options: IsolateOptions) -> Self {
        let buffers = BufferMeter::new();
        let params = snapshot::create_params()
            .heap_limits(0, options.heap_bytes)
            .array_buffer_allocator(buffers.allocator().make_shared())
            .allow_atomics_wait(false);
        let mut isolate = v8::Isolate::new(params);
        isolate.set_microtasks_policy(v8::MicrotasksPolicy::Explicit);
        isolate.set_capture_stack_trace_for_uncaught_exceptions(true, 10);
        isolate.set_host_import_module_dynamically_callback(modules::import_dynamically);
        isolate.set_oom_error_handler(out_of_memory::handler);
        isolate.set_promise_reject_callback(state::on_promise_reject);
        let mut heap_guard = Box::new(HeapGuard {
            stop: RefCell::default(),
            buffers: Arc::clone(&buffers),
            handle: isolate.thread_safe_handle(),
            headroom: options.heap_bytes,
            raises: Cell::new(0),
        });
        isolate.add_near_heap_limit_callback(near_heap_limit, (&raw mut *heap_guard).cast());
        let (context, errors, helpers, array_buffer) = {
            v8::scope!(let scope, &mut isolate);
            // The heap was made this moment, and no limit is that small: see `limits.heapBytes`.
            let (context, pristine) =
                snapshot::new_context(scope).expect("a new heap has room for a context");
            let scope = &mut v8::ContextScope::new(scope, context);
            let errors = PristineErrors::of_virgin(scope, &pristine);
            let helpers = v8::Global::new(scope, pristine.helpers);
            let array_buffer = PristineArrayBuffer::of_virgin(scope, &pristine);
            (v8::Global::new(scope, context), Some(errors), Some(helpers), Some(array_buffer))
        };
        Self { context, errors, helpers, array_buffer, isolate, buffers, options, heap_guard }
    }

    /// What it was made with.
    pub(super) fn options(&self) -> IsolateOptions {
        self.options
    }

    /// Says which flag is set when the heap is full.
    pub(super) fn belongs_to(&self, stop: &Arc<StopFlag>) {
        *self.heap_guard.stop.borrow_mut() = Some(Arc::clone(stop));
    }

    /// The watch over its heap, for whoever adds others.
    pub(super) fn heap_limit(&mut self) -> HeapLimit {
        // SAFETY: V8 gave it, and `HeapLimit` is used on this thread only, while the isolate lives.
        let isolate = unsafe { self.isolate.as_raw_isolate_ptr() };
        HeapLimit { isolate, guard: (&raw mut *self.heap_guard).cast() }
    }

    /// Throws the isolate away.
    pub(super) fn dispose(self) {
        let Self { context, errors, helpers, array_buffer, mut isolate, heap_guard, .. } = self;
        populate_cleared_page(&mut isolate, &context);
        drop((context, errors, helpers, array_buffer));
        drop(isolate);
        // V8 holds a pointer to it until here.
        drop(heap_guard);
    }
}

/// The watch over the heap of one isolate. It must not be used after the isolate's end.
pub(super) struct HeapLimit {
    isolate: v8::UnsafeRawIsolatePtr,
    guard: *mut c_void,
}

impl HeapLimit {
    /// Makes it the watch that V8 asks when the heap is full: it asks the one that came last. A debugger has V8 add one
    /// of its own, which would let the heap grow to four times its limit.
    pub(super) fn watch_first(&self) {
        // SAFETY: as `VirginIsolate::heap_limit` says, it is alive and belongs to this thread.
        let mut isolate = unsafe { v8::Isolate::from_raw_isolate_ptr(self.isolate) };
        isolate.remove_near_heap_limit_callback(near_heap_limit, 0);
        isolate.add_near_heap_limit_callback(near_heap_limit, self.guard);
    }
}

/// V8 is about to run out of heap: stop the script, and give it room to get out.
unsafe extern "C" fn near_heap_limit(data: *mut c_void, current: usize, _initial: usize) -> usize {
    // SAFETY: `data` is the guard that stands beside its isolate in `VirginIsolate`, which drops it after the isolate.
    // V8 calls this on the isolate's thread, and nobody else touches the guard.
    let guard = unsafe { &*data.cast::<HeapGuard>() };
    if guard.buffers.take_refusal() {
        // V8 makes room for a buffer that was refused. The heap itself is well.
        return current;
    }
    if let Some(stop) = &*guard.stop.borrow() {
        stop.set(StopReason::MemoryLimit);
    }
    guard.handle.terminate_execution();
    guard.raises.set(guard.raises.get() + 1);
    if guard.raises.get() > MOST_RAISES { current } else { current.saturating_add(guard.headroom) }
}

/// When an isolate ends, V8 clears the page on which its microtask queue lies, of which only the beginning was ever
/// touched. One system call brings the rest in; otherwise each 4 KiB are a fault, half of all that a cell causes.
#[cfg(target_os = "linux")]
fn populate_cleared_page(isolate: &mut v8::Isolate, context: &v8::Global<v8::Context>) {
    /// The size of a page of V8's heap of C++ objects, and of the guards at its ends.
    const PAGE_BYTES: usize = 128 * 1024;
    const GUARD_BYTES: usize = 4096;

    v8::scope!(let scope, isolate);
    let context = v8::Local::new(scope, context);
    let Some(queue) = context.get_microtask_queue() else { return };
    let start = (std::ptr::from_ref(queue).addr() & !(PAGE_BYTES - 1)) + GUARD_BYTES;
    // SAFETY: the call reads and writes no byte. It only gives pages that are mapped their memory, and fails where
    // there are none, on kernels that do not know it, and for larger pages of memory. Should a V8 have its queue
    // elsewhere, some memory of the process is made resident, nothing else.
    unsafe {
        libc::madvise(start as *mut c_void, PAGE_BYTES - 2 * GUARD_BYTES, libc::MADV_POPULATE_WRITE);
    }
}

#[cfg(not(target_os = "linux"))]
fn populate_cleared_page(_isolate: &mut v8::Isolate, _context: &v8::Global<v8::Context>) {}
