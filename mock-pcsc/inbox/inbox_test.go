package inbox_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"balcao/mock-pcsc/inbox"
)

func TestInbox(t *testing.T) {
	t.Run("Bounded", func(t *testing.T) {
		box := inbox.New(3)
		for range 10 {
			box.Add(inbox.Message{Channel: inbox.SMS, To: "+351912345678"})
		}
		all, _ := box.Messages(inbox.Filter{})
		if len(all) != 3 || all[0].ID != 8 || all[2].ID != 10 {
			t.Errorf("got %d messages, want the last three, oldest first", len(all))
		}
	})
	t.Run("Filter", func(t *testing.T) {
		box := inbox.New(10)
		box.Add(inbox.Message{To: "+351 912 345 678"})
		box.Add(inbox.Message{To: "Ana@Example.org"})
		for to, want := range map[string]int{
			"": 2, "00351912345678": 1, "351912345678": 1, "ana@example.org": 1, "912345678": 0, "rui@example.org": 0,
		} {
			if got, _ := box.Messages(inbox.Filter{To: to}); len(got) != want {
				t.Errorf("to %q: %d messages, want %d", to, len(got), want)
			}
		}
		if got, _ := box.Messages(inbox.Filter{After: 1}); len(got) != 1 || got[0].ID != 2 {
			t.Errorf("after 1: got %v, want message 2", got)
		}
	})
	t.Run("Wait", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			box := inbox.New(10)
			time.AfterFunc(time.Second, func() { box.Add(inbox.Message{To: "rui@example.org"}) })
			time.AfterFunc(2*time.Second, func() { box.Add(inbox.Message{To: "ana@example.org"}) })
			begin := time.Now()
			got, err := box.Wait(t.Context(), inbox.Filter{To: "ana@example.org"})
			if err != nil || len(got) != 1 || time.Since(begin) != 2*time.Second {
				t.Errorf("got %d messages, %v, after %v; want one after 2s", len(got), err, time.Since(begin))
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if _, err := box.Wait(ctx, inbox.Filter{After: 99}); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want the deadline's error", err)
			}
		})
	})
}
