package metrics

import (
	"testing"
	"time"
)

// Expired authorities stay for old documents: the next end is the first to come, and the last when all have passed.
func TestNextEnd(t *testing.T) {
	now := time.Date(2031, 4, 15, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		days []int
		want int
	}{
		{[]int{5}, 5}, {[]int{-5}, -5}, {[]int{9, 5, 7}, 5}, {[]int{-9, 5, 7}, 5}, {[]int{5, -9, 7}, 5}, {[]int{-9, -5, -7}, -5}, {[]int{-5, -9, 30, -1}, 30},
	} {
		var ends []time.Time
		for _, d := range c.days {
			ends = append(ends, now.AddDate(0, 0, d))
		}
		if got, want := nextEnd(ends, now), now.AddDate(0, 0, c.want); !got.Equal(want) {
			t.Errorf("%v: got %s, want %s", c.days, got, want)
		}
	}
	if got := nextEnd(nil, now); !got.IsZero() {
		t.Errorf("of none: %s", got)
	}
}
