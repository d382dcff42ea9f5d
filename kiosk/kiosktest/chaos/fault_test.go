package chaos_test

import (
	"fmt"
	"time"

	"balcao/cardreader"
	"balcao/kiosk"
	"balcao/kiosk/kiosktest"
)

// fault is one thing that fails.
type fault struct {
	kind
	action  int // of the visit, behind which it strikes; 0: at a command of the card
	command int
	amount  int // of whatever the kind counts: bytes, statements
	lasts   int // how often somebody waits in vain until it is mended
	struck  bool
	mended  bool
}

// kind is a kind of fault: what fails, and how it is mended. What mends itself has none.
type kind struct {
	name   string
	strike func(h *house, f *fault)
	mend   func(h *house)
	what   string // what is down meanwhile: of one thing there is one fault at a time
}

func (f *fault) String() string {
	if f.action == 0 {
		return fmt.Sprintf("%s at command %d", f.name, f.command)
	}
	return fmt.Sprintf("%s behind action %d (%d), for %d", f.name, f.action, f.amount, f.lasts)
}

// atCommands happen to a card while it is talked to. The lock of the readers is held.
var atCommands = []struct {
	name string
	hook func(h *house) kiosktest.Hook
}{
	{"card pulled", func(h *house) kiosktest.Hook { return h.slots.Pulled(false) }},
	{"card pulled once it has answered", func(h *house) kiosktest.Hook { return h.slots.Pulled(true) }},
	{"card mute", func(*house) kiosktest.Hook { return kiosktest.Hook{Err: cardreader.ErrSilent} }},
	{"card reset", func(h *house) kiosktest.Hook { return kiosktest.Hook{Before: h.slots.Reset} }},
	{"pcscd killed at a command", func(h *house) kiosktest.Hook {
		return kiosktest.Hook{Before: func(int) { h.slots.StopServiceLocked(cardreader.ServiceStopped); h.killed.Store(true) }}
	}},
}

// kinds are what fails behind an action.
var kinds = []kind{
	{"card pulled", func(h *house, _ *fault) { h.take(1) }, nil, ""},
	{"card swapped", func(h *house, f *fault) { h.put(1, people[f.amount%len(people)]) }, nil, ""},
	{"staff card pulled", func(h *house, _ *fault) {
		if h.own {
			h.take(h.service)
		}
	}, nil, ""},
	{"reader unplugged", func(h *house, _ *fault) { h.unplug(1) }, func(h *house) { h.plug(1) }, "reader"},
	{"staff card's reader unplugged", func(h *house, _ *fault) {
		if h.own {
			h.unplug(h.service)
		}
	}, func(h *house) { h.plug(h.service) }, "reader"},
	{"pcscd killed", func(h *house, _ *fault) { h.stopService() }, func(h *house) { h.startService() }, "pcscd"},
	{"connections to the database cut", func(h *house, _ *fault) { h.cutDatabase("") }, nil, "database"},
	{"the door's connections to the database cut", func(h *house, _ *fault) { h.cutDatabase("balcao-centre") }, nil, "database"},
	{"database restarted", func(h *house, _ *fault) { h.server.Crash() }, func(h *house) { h.check(h.server.Recover(h.ctx)) }, "database"},
	{"network refused", func(h *house, _ *fault) { h.line.set(func() { h.line.down = true }) }, (*house).mendLine, "line"},
	{"network silent", func(h *house, _ *fault) { h.line.set(func() { h.line.silent = true }) }, (*house).mendLine, "line"},
	{"network slow", func(h *house, _ *fault) { h.line.set(func() { h.line.slow = 30 * time.Millisecond }) }, (*house).mendLine, "line"},
	{"connections to the door cut", func(h *house, _ *fault) { h.line.cut() }, nil, "line"},
	{"answer cut", func(h *house, f *fault) { h.line.set(func() { h.line.left = f.amount }) }, (*house).mendLine, "line"},
	{"door killed", func(h *house, _ *fault) { h.line.set(func() { h.line.down = true }); h.Door.Stop() }, func(h *house) { h.Door.Start(h.ctx, h.t); h.line.whole() }, "line"},
	{"door restarted", func(h *house, _ *fault) { h.Door.Stop() }, func(h *house) { h.Door.Start(h.ctx, h.t) }, "line"},
	{"message centre down", func(h *house, _ *fault) { h.post(kiosk.SMS, postDown) }, func(h *house) { h.post(kiosk.SMS, postWorks) }, "sms"},
	{"message centre throttles", func(h *house, _ *fault) { h.post(kiosk.SMS, postThrottles) }, func(h *house) { h.post(kiosk.SMS, postWorks) }, "sms"},
	{"message centre does not answer", func(h *house, _ *fault) { h.post(kiosk.SMS, postMute) }, func(h *house) { h.post(kiosk.SMS, postWorks) }, "sms"},
	{"message centre takes nothing", func(h *house, _ *fault) { h.post(kiosk.SMS, postLost) }, func(h *house) { h.post(kiosk.SMS, postWorks) }, "sms"},
	{"mail relay down", func(h *house, _ *fault) { h.post(kiosk.Email, postDown) }, func(h *house) { h.post(kiosk.Email, postWorks) }, "mail"},
	{"mail relay does not answer", func(h *house, _ *fault) { h.post(kiosk.Email, postMute) }, func(h *house) { h.post(kiosk.Email, postWorks) }, "mail"},
	{"registrar killed", func(h *house, f *fault) { h.machine.KillAfter(f.amount % 25) }, (*house).mendRegistrar, "registrar"},
}

// drawFaults draws what fails in a visit: in a quarter of them nothing does.
func (h *house) drawFaults(v *visit) {
	for range max(0, h.rand.IntN(6)-1) {
		f := &fault{amount: h.rand.IntN(3000), lasts: 1 + h.rand.IntN(4)}
		if h.one(4) {
			at := pick(h, atCommands)
			f.kind, f.command = kind{name: at.name}, 1+h.rand.IntN(120)
			f.kind.strike = func(*house, *fault) {}
			v.commands[f.command] = f
		} else {
			f.kind, f.action = pick(h, kinds), 1+h.rand.IntN(14)
		}
		v.faults = append(v.faults, f)
	}
}

// arm sets what happens at commands of the card.
func (h *house) arm(v *visit) {
	if h.rig != nil {
		h.rig.sent.Store(0)
	}
	hooks := map[int]kiosktest.Hook{}
	for n, f := range v.commands {
		for _, at := range atCommands {
			if at.name == f.name {
				hooks[n] = at.hook(h)
			}
		}
	}
	h.slots.Interfere(func(sent int) kiosktest.Hook {
		if hook, planned := hooks[sent]; planned {
			v.hit.Store(int32(sent)) //nolint:gosec // few
			return hook
		}
		return kiosktest.Hook{}
	})
}

// strike has happen what is to happen behind an action.
func (h *house) strike(v *visit) {
	for _, f := range v.faults {
		if f.struck || f.action == 0 || f.action > v.actions || f.what != "" && h.away[f.what] {
			continue
		}
		f.struck = true
		h.note("FAULT %s", f)
		h.struck = append(h.struck, fmt.Sprintf("seed %d: %s", v.seed, f))
		f.kind.strike(h, f)
		if f.mend != nil {
			h.away[f.what] = true
		} else {
			f.mended = true
		}
	}
}

// mendSome has time go by for what failed, and reports whether any of it was mended.
func (h *house) mendSome(v *visit) (mended bool) {
	for _, f := range v.faults {
		if f.struck && !f.mended {
			if f.lasts--; f.lasts <= 0 {
				h.mendOne(f)
				mended = true
			}
		}
	}
	if h.killed.Load() && !h.away["pcscd"] {
		h.note("pcscd starts again")
		h.startService()
		mended = true
	}
	if h.machine.Dead() {
		h.mendRegistrar()
		mended = true
	}
	return mended
}

func (h *house) mendOne(f *fault) {
	h.note("mended: %s", f.name)
	f.mended = true
	f.mend(h)
	h.away[f.what] = false
}

// mend mends all that failed in a visit.
func (h *house) mend(v *visit) {
	h.slots.Interfere(nil)
	if n := v.hit.Load(); n != 0 {
		h.struck = append(h.struck, fmt.Sprintf("seed %d: %s", v.seed, v.commands[int(n)]))
	}
	for _, f := range v.faults {
		if f.struck && !f.mended {
			h.mendOne(f)
		}
	}
	h.mendSome(v)
}

func (h *house) mendLine() { h.line.whole() }

// mendRegistrar starts the registrar again, of the same name.
func (h *house) mendRegistrar() {
	h.machine.KillAfter(-1)
	if h.machine.Dead() {
		h.note("the registrar starts again")
		h.machine.Bury()
		h.machine = h.registrar(h.machine.Name)
	}
}

func (h *house) cutDatabase(name string) {
	_, _ = h.Admin.Exec(h.ctx, `select pg_terminate_backend(pid) from pg_stat_activity
		where datname = current_database() and pid <> pg_backend_pid() and ($1 = '' or application_name = $1)`, name)
}

// unplug takes a reader away; of the virtual one only its card.
func (h *house) unplug(reader int) {
	h.take(reader)
	if h.rig != nil {
		return
	}
	h.gone[reader] = true
	h.slots.Unplug(reader)
}

func (h *house) plug(reader int) {
	if h.gone[reader] {
		h.gone[reader] = false
		h.slots.Plug(reader)
	}
}

func (h *house) stopService() {
	if h.rig == nil {
		h.slots.StopService(cardreader.ServiceStopped)
	} else if !h.killed.Swap(true) {
		h.check(h.rig.daemon.Kill())
	}
}

func (h *house) startService() {
	if h.rig == nil {
		h.killed.Store(false)
		h.slots.StartService()
	} else if h.killed.Swap(false) {
		h.check(h.rig.daemon.Again())
	}
}
