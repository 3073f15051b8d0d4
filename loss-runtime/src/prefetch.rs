//! Fetching ahead what will soon be read or written. It changes no result, and is safe: what is fetched are the lines of a slice.
//!
//! A processor fetches ahead by itself, but few lines at a time: beside much computing it waits for each of the next. Where arrays are in caches that are
//! near, this gains nothing and takes its time (`verify/benches/NOTES.md`).

use core::ops::Range;

/// How many bytes ahead. What is less far comes too late.
const AHEAD: usize = 4096;

/// From how many bytes, read and written, the arrays of a call are mostly in no near cache.
pub const BEYOND_CACHES: usize = 1 << 24;

/// The bytes that a cache fetches at a time.
#[cfg(all(target_arch = "x86_64", target_feature = "sse"))]
const LINE: usize = 64;

/// Whether so many numbers of the compute type are read and written that most of them come from memory. Narrower ones count as if they were of it.
#[inline(always)]
#[must_use]
pub fn is_far<T>(numbers: usize) -> bool {
    numbers * size_of::<T>() >= BEYOND_CACHES
}

/// The places that are as far ahead as is fetched of those from `at` on.
#[inline(always)]
#[must_use]
pub fn ahead<T>(at: usize, len: usize) -> Range<usize> {
    let at = at + AHEAD / size_of::<T>();
    at..at + len
}

/// Fetches places that will be read; nothing, if there are not so many.
#[inline(always)]
pub fn prefetch_read<T>(values: &[T], places: Range<usize>) {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse"))]
    for line in values.get(places).unwrap_or(&[]).chunks(LINE / size_of::<T>()) {
        safe_arch::prefetch_t0(&line[0]);
    }
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse")))]
    let _ = (values, places);
}

/// Fetches places that will be written; nothing, if there are not so many.
#[inline(always)]
pub fn prefetch_write<T>(values: &[T], places: Range<usize>) {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse"))]
    for line in values.get(places).unwrap_or(&[]).chunks(LINE / size_of::<T>()) {
        safe_arch::prefetch_et0(&line[0]);
    }
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse")))]
    let _ = (values, places);
}
