use super::{Geometry, Values, View};

fn view(strides: [usize; 3]) -> View<'static, f32> {
    View { values: Values::Absent, strides, broadcast: false }
}

#[test]
fn places_are_flat_whose_strides_are_those_of_the_geometry() {
    let geometry = Geometry { outer: 4, extent: 5, inner: 3 };
    assert!(view([15, 3, 1]).is_flat(&geometry));
    // A stride that is not the geometry's, in each place, too long, too short or 0.
    for strides in [[16, 3, 1], [14, 3, 1], [0, 3, 1], [15, 4, 1], [15, 1, 1], [15, 0, 1], [15, 3, 2], [15, 3, 0]] {
        assert!(!view(strides).is_flat(&geometry), "{strides:?}");
    }
}

#[test]
fn along_an_axis_of_one_place_any_stride_is_flat() {
    for (geometry, flat, others) in [
        (Geometry { outer: 1, extent: 5, inner: 3 }, [0, 3, 1], [[7, 3, 2], [7, 2, 1]]),
        (Geometry { outer: 4, extent: 1, inner: 3 }, [3, 0, 1], [[3, 7, 2], [6, 7, 1]]),
        (Geometry { outer: 4, extent: 5, inner: 1 }, [5, 1, 0], [[5, 2, 7], [6, 1, 7]]),
        (Geometry { outer: 4, extent: 1, inner: 1 }, [1, 0, 0], [[2, 7, 7], [0, 7, 7]]),
        (Geometry { outer: 1, extent: 5, inner: 1 }, [0, 1, 0], [[7, 2, 7], [7, 0, 7]]),
        (Geometry { outer: 1, extent: 1, inner: 3 }, [0, 0, 1], [[7, 7, 2], [7, 7, 0]]),
    ] {
        // The axis of one place has stride 0 above, and another one here.
        let Geometry { outer, extent, inner } = geometry;
        let mut strides = flat;
        for (stride, count) in strides.iter_mut().zip([outer, extent, inner]) {
            *stride = if count == 1 { 7 } else { *stride };
        }
        assert!(view(flat).is_flat(&geometry) && view(strides).is_flat(&geometry), "{geometry:?}");
        for strides in others {
            assert!(!view(strides).is_flat(&geometry), "{geometry:?} {strides:?}");
        }
    }
    assert!(view([7, 7, 7]).is_flat(&Geometry { outer: 1, extent: 1, inner: 1 }));
}
