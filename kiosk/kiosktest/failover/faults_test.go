package failover_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// stricken is what a fault strikes: the site, and who was primary and synchronous standby when it did.
type stricken struct {
	*site
	primary, standby *node
}

// fault is a row of the table: add another here, with a line in assets/doc/failover.md.
type fault struct {
	name string
	what string // for people
	// strike does it.
	strike func(ctx context.Context, s stricken) error
	// lasts is until when the fault lasts; nil: strike was all.
	lasts func(ctx context.Context, s stricken) error
	// mend ends it; nil: nothing is to be done by hand.
	mend func(ctx context.Context, s stricken) error
}

var faults = []fault{
	{
		name: "kill-primary", what: "kill -9 the primary PostgreSQL",
		strike: func(_ context.Context, s stricken) error { return s.primary.signal(syscall.SIGKILL, "") },
		lasts:  elsewhere,
	},
	{
		name: "freeze-primary", what: "freeze the primary (SIGSTOP), thaw it when another is primary",
		strike: func(_ context.Context, s stricken) error { return s.primary.signal(syscall.SIGSTOP, "") },
		lasts:  elsewhere,
		mend:   func(_ context.Context, s stricken) error { return s.primary.signal(syscall.SIGCONT, "") },
	},
	{
		name: "freeze-patroni", what: "freeze the primary's Patroni, its PostgreSQL goes on; thaw it when another is primary",
		strike: func(_ context.Context, s stricken) error { s.primary.services[1].signal(syscall.SIGSTOP); return nil },
		lasts:  elsewhere,
		mend:   func(_ context.Context, s stricken) error { s.primary.services[1].signal(syscall.SIGCONT); return nil },
	},
	{
		name: "pull-primary", what: "pull the primary's cable, back when another is primary",
		strike: func(_ context.Context, s stricken) error { return run("ip", "link", "set", s.primary.name, "down") },
		lasts:  elsewhere,
		mend:   func(_ context.Context, s stricken) error { return run("ip", "link", "set", s.primary.name, "up") },
	},
	{
		name: "part-primary", what: "the primary and the other nodes do not see each other, doors and registrars see all",
		strike: func(_ context.Context, s stricken) error { return s.part("add") },
		lasts:  elsewhere,
		mend:   func(_ context.Context, s stricken) error { return s.part("delete") },
	},
	{
		name: "switchover", what: "planned switchover (patronictl)",
		strike: func(ctx context.Context, s stricken) error {
			return s.ask(ctx, s.primary, http.MethodPost, "/switchover", map[string]string{"leader": s.primary.name}, nil)
		},
		lasts: elsewhere,
	},
	{
		name: "fill-disk", what: "the primary's disk is full, room when another is primary",
		strike: func(_ context.Context, s stricken) error { return s.primary.fill() },
		lasts:  elsewhere,
		mend:   func(_ context.Context, s stricken) error { return os.Remove(s.primary.ballast()) },
	},
	{
		name: "kill-standby", what: "kill -9 the synchronous standby",
		strike: func(_ context.Context, s stricken) error { return s.standby.signal(syscall.SIGKILL, "") },
	},
	{
		name: "freeze-standby", what: "freeze the synchronous standby, kill -9 the primary when the other is synchronous",
		strike: func(_ context.Context, s stricken) error { return s.standby.signal(syscall.SIGSTOP, "") },
		lasts: func(ctx context.Context, s stricken) error {
			err := s.until(ctx, "another standby is synchronous", func() bool {
				n, err := s.with(ctx, "sync_standby")
				return err == nil && n != s.standby
			})
			if err == nil {
				err = s.primary.signal(syscall.SIGKILL, "")
			}
			if err == nil {
				err = elsewhere(ctx, s)
			}
			return err
		},
		mend: func(_ context.Context, s stricken) error { return s.standby.signal(syscall.SIGCONT, "") },
	},
	{
		name: "freeze-etcd", what: "etcd does not answer on two nodes for half a minute",
		strike: func(_ context.Context, s stricken) error { return s.etcd(syscall.SIGSTOP) },
		lasts: func(ctx context.Context, _ stricken) error {
			select {
			case <-time.After(30 * time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
		mend: func(_ context.Context, s stricken) error { return s.etcd(syscall.SIGCONT) },
	},
	{
		name: "kill-centre", what: "kill -9 both doors",
		strike: func(_ context.Context, s stricken) error { kill(s.doors); return nil },
	},
	{
		name: "kill-registrars", what: "kill -9 both registrars",
		strike: func(_ context.Context, s stricken) error { kill(s.registrars); return nil },
	},
}

func kill(services []*service) {
	for _, s := range services {
		s.signal(syscall.SIGKILL)
	}
}

// elsewhere waits until another node is primary.
func elsewhere(ctx context.Context, s stricken) error {
	return s.until(ctx, "another node is primary", func() bool {
		for _, n := range s.list {
			if n != s.primary && s.ask(ctx, n, http.MethodGet, "/primary", nil, nil) == nil {
				return true
			}
		}
		return false
	})
}

// until waits until something is so.
func (s *site) until(ctx context.Context, what string, is func() bool) error {
	for !is() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting until %s: %w", what, ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
	return nil
}

// part cuts a node off from the other nodes and from nobody else, or joins them again: neither has a route to the other.
func (s stricken) part(verb string) (err error) {
	for i, n := range s.list {
		if n == s.primary {
			continue
		}
		err = errors.Join(err, run(s.primary.within("ip", "route", verb, "blackhole", addressOf(i)+"/32")...))
		for j, other := range s.list {
			if other == s.primary {
				err = errors.Join(err, run(n.within("ip", "route", verb, "blackhole", addressOf(j)+"/32")...))
			}
		}
	}
	return err
}

// etcd sends a signal to etcd of the primary and of the standby.
func (s stricken) etcd(what syscall.Signal) error {
	for _, n := range []*node{s.primary, s.standby} {
		n.services[0].signal(what)
	}
	return nil
}

// ballast is a file that fills the node's disk.
func (n *node) ballast() string { return filepath.Join(n.dir, "postgresql", "ballast") }

// fill leaves no room on it, with a few megabytes at a time.
func (n *node) fill() error {
	f, err := os.Create(n.ballast())
	if err != nil {
		return err
	}
	defer f.Close()
	const step = 4 << 20
	for size := int64(0); ; {
		for many := int64(step); ; many /= 4 {
			if many < 4096 {
				return nil
			}
			if unix.Fallocate(int(f.Fd()), 0, size, many) == nil { //nolint:gosec // a descriptor
				size += many
				break
			}
		}
	}
}
