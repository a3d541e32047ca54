//! Counts the `ArrayBuffer`s of one isolate, and refuses what goes over their limit.

use std::alloc::{Layout, alloc, alloc_zeroed, dealloc};
use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

/// The alignment that C's `malloc` gives, on which typed arrays rely.
const ALIGNMENT: usize = 16;

const NOT_REFUSED: u8 = 0;
const REFUSED: u8 = 1;
const COLLECTING: u8 = 2;

/// What the buffers of an isolate use. The isolate's allocator holds it too, until its last buffer is gone.
#[derive(Debug)]
pub(super) struct BufferMeter {
    used: AtomicUsize,
    limit: AtomicUsize,
    refused: AtomicBool,
    /// Where V8 is with a refused buffer: it collects garbage once, and tries again.
    retry: AtomicU8,
}

impl BufferMeter {
    /// Counts up to no limit; [`BufferMeter::set_limit`] gives one.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            used: AtomicUsize::new(0),
            limit: AtomicUsize::new(usize::MAX),
            refused: AtomicBool::new(false),
            retry: AtomicU8::new(NOT_REFUSED),
        })
    }

    /// From now on no more than `bytes`.
    pub(super) fn set_limit(&self, bytes: usize) {
        self.limit.store(bytes, Ordering::Relaxed);
    }

    /// Whether a buffer was ever refused.
    pub(super) fn has_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    /// Whether V8 collects garbage because a buffer was refused. Asked once for each refusal.
    pub(super) fn take_refusal(&self) -> bool {
        self.retry.compare_exchange(REFUSED, COLLECTING, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// An allocator for an isolate.
    pub(super) fn allocator(self: &Arc<Self>) -> v8::UniqueRef<v8::Allocator> {
        // SAFETY: the handle is a strong count of this meter, which `release_meter` gives back, and the functions of the
        // table take a meter.
        unsafe { v8::new_rust_allocator(Arc::into_raw(Arc::clone(self)), &TABLE) }
    }

    /// Counts memory that comes from elsewhere. Says whether it may be had.
    pub(super) fn hold(&self, bytes: usize) -> bool {
        let limit = self.limit.load(Ordering::Relaxed);
        let more = |used: usize| used.checked_add(bytes).filter(|total| *total <= limit);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    /// Takes what was held off again.
    pub(super) fn release(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// A buffer was refused for good.
    pub(super) fn note_refusal(&self) {
        self.refused.store(true, Ordering::Relaxed);
    }

    fn reserve(&self, bytes: usize) -> bool {
        let reserved = self.hold(bytes);
        if reserved {
            self.retry.store(NOT_REFUSED, Ordering::Relaxed);
        } else {
            self.note_refusal();
            // The second refusal of the same buffer is the last one.
            let again = self.retry.load(Ordering::Relaxed) == COLLECTING;
            self.retry.store(if again { NOT_REFUSED } else { REFUSED }, Ordering::Relaxed);
        }
        reserved
    }

    fn allocate(&self, bytes: usize, make: unsafe fn(Layout) -> *mut u8) -> *mut c_void {
        let Ok(layout) = Layout::from_size_align(bytes.max(1), ALIGNMENT) else { return ptr::null_mut() };
        if !self.reserve(bytes) {
            return ptr::null_mut();
        }
        // SAFETY: the layout's size is not zero.
        let data = unsafe { make(layout) };
        if data.is_null() {
            self.release(bytes);
        }
        data.cast()
    }
}

static TABLE: v8::RustAllocatorVtable<BufferMeter> =
    v8::RustAllocatorVtable { allocate, allocate_uninitialized, free, drop: release_meter };

unsafe extern "C" fn allocate(meter: &BufferMeter, bytes: usize) -> *mut c_void {
    meter.allocate(bytes, alloc_zeroed)
}

unsafe extern "C" fn allocate_uninitialized(meter: &BufferMeter, bytes: usize) -> *mut c_void {
    meter.allocate(bytes, alloc)
}

unsafe extern "C" fn free(meter: &BufferMeter, data: *mut c_void, bytes: usize) {
    let Ok(layout) = Layout::from_size_align(bytes.max(1), ALIGNMENT) else { return };
    if !data.is_null() {
        meter.release(bytes);
        // SAFETY: V8 gives back what it got from this allocator, with the length that it asked for.
        unsafe { dealloc(data.cast(), layout) };
    }
}

unsafe extern "C" fn release_meter(meter: *const BufferMeter) {
    // SAFETY: it is the count that `allocator` took, and V8 drops an allocator once.
    drop(unsafe { Arc::from_raw(meter) });
}
