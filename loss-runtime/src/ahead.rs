//! Asking memory for what will soon be read or written. It changes no result, and is safe: what is asked for are the lines of a slice.
//!
//! A processor fetches ahead by itself, but few lines at a time: beside much computing it waits for each of the next. In caches that are near, asking
//! gains nothing and takes its time (`verify/benches/NOTES.md`).

/// How many bytes ahead. What is asked for less far ahead comes too late.
pub(crate) const AHEAD: usize = 4096;

/// From how many bytes, read and written, the arrays of a call are mostly in no near cache.
pub(crate) const BEYOND_CACHES: usize = 1 << 24;

/// The bytes that a cache fetches at a time.
#[cfg(target_arch = "x86_64")]
const LINE: usize = 64;

/// Asks for what will be read.
#[inline(always)]
pub(crate) fn ask_for<T>(soon: &[T]) {
    #[cfg(target_arch = "x86_64")]
    for line in soon.chunks(LINE / size_of::<T>()) {
        safe_arch::prefetch_t0(&line[0]);
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = soon;
}

/// Asks for what will be written.
#[inline(always)]
pub(crate) fn ask_to_write<T>(soon: &[T]) {
    #[cfg(target_arch = "x86_64")]
    for line in soon.chunks(LINE / size_of::<T>()) {
        safe_arch::prefetch_et0(&line[0]);
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = soon;
}
