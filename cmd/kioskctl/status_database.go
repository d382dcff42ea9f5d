package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"balcao/kiosk/central/deskca"
	"balcao/kiosk/central/schema"
)

// When what is behind is trouble, as the alerts of assets/deploy/prometheus have it.
const (
	jobPatience      = time.Minute
	lateLeaf         = time.Minute
	unsignedLog      = 5 * time.Minute
	withoutWitness   = 15 * time.Minute
	casePatience     = 24 * time.Hour
	standbyBehind    = 256 << 20 // bytes
	retentionOverdue = 5000      // rows: more than come due within an hour, after which registrars delete
)

// statusDatabase is all that the database knows. Each part asks by itself: what one cannot say, the others can.
func statusDatabase(ctx context.Context, dsn string) (parts []part) {
	for _, ask := range []struct {
		name string
		ask  func(context.Context, string, *part) error
	}{
		{"database", askServer}, {"registrars", askRegistrars}, {"queues", askQueues}, {"desks", askDesks}, {"alerts", askAlerts},
		{"log", askLog}, {"certificates", askCertificates}, {"retention", askRetention},
	} {
		p := part{Name: ask.name}
		if err := ask.ask(ctx, dsn, &p); err != nil {
			p.unwell("is PostgreSQL up, and BALCAO_ADMIN_DSN right? kioskctl db check", "cannot be told: %v", err)
			parts = append(parts, p)
			if ask.name == "database" {
				return parts
			}
			continue
		}
		parts = append(parts, p)
	}
	return parts
}

func askServer(ctx context.Context, dsn string, p *part) error {
	server, standbys, err := schema.Servers(ctx, dsn)
	if err != nil {
		return err
	}
	p.is(!server.Standby, "name all servers in BALCAO_ADMIN_DSN, with target_session_attrs=read-write; patronictl list says which is primary",
		"PostgreSQL %s, %s", server.Version, map[bool]string{false: "primary", true: "a standby: nothing can be written here"}[server.Standby])
	findings, err := schema.Check(ctx, dsn)
	if err != nil {
		return err
	}
	open := slices.DeleteFunc(findings, schema.Finding.OK)
	for _, f := range open {
		p.unwell(f.Cure, "not so: %s (%s)", f.Rule, strings.Join(f.Offenders, ", "))
	}
	if len(open) == 0 {
		p.well("the schema is this program's, and nobody may do what they should not")
	}
	sync := 0
	for _, s := range standbys {
		if s.State == "streaming" && (s.Sync == "sync" || s.Sync == "quorum") {
			sync++
		}
		behind := "it does not say how far behind"
		if s.Lag >= 0 {
			behind = fmt.Sprintf("%.1f MiB behind", float64(s.Lag)/(1<<20))
		}
		p.is(s.State == "streaming" && s.Lag >= 0 && s.Lag < standbyBehind, "network or disk of the standby; patronictl reinit when it cannot catch up",
			"standby %s: %s, %s, %s", cmp.Or(s.Name, "without a name"), s.State, s.Sync, behind)
	}
	if server.Waits != "" {
		p.is(sync > 0, "start a standby, or what is bound waits or is on one disk only: patronictl list", "%d synchronous standbys (wanted: %s)", sync, server.Waits)
	} else if len(standbys) == 0 {
		p.well("no standby, and none is wanted: what is bound is on one disk")
	}
	all, err := figures(ctx, dsn)
	if err != nil {
		return err
	}
	if fails, on := all["archive_fails"]; on {
		p.is(fails == 0, "pgbackrest --stanza=balcao check says why", "%s", map[bool]string{true: "the last WAL file was archived", false: "the last WAL file could not be archived"}[fails == 0])
	}
	return nil
}

// figures are the centre's figures by name, with a label and a state behind it: "jobs verify queued".
func figures(ctx context.Context, dsn string) (map[string]float64, error) {
	list, err := schema.Figures(ctx, dsn)
	all := map[string]float64{}
	for _, f := range list {
		all[strings.Join(strings.Fields(f.Name+" "+f.Label+" "+f.State), " ")] = f.Value
	}
	return all, err
}

// worst are the figures of a name that are above a bound, as "label 3m20s", and whether there are any.
func worst(all map[string]float64, name string, most time.Duration) (list string, any bool) {
	var over []string
	for n, value := range all {
		if label, is := strings.CutPrefix(n, name+" "); is && seconds(value) > most {
			over = append(over, label+" "+seconds(value).String())
		}
	}
	slices.Sort(over)
	return strings.Join(over, ", "), len(over) > 0
}

func seconds(value float64) time.Duration {
	return time.Duration(value * float64(time.Second)).Round(time.Second)
}

func askRegistrars(ctx context.Context, dsn string, p *part) error {
	senders, err := schema.Senders(ctx, dsn)
	if err != nil {
		return err
	}
	now, fresh := time.Now(), 0
	able := map[string]bool{}
	for _, s := range senders {
		seen := now.Sub(s.Seen).Round(time.Second)
		if seen > messagePatience {
			p.unwell("if it was taken away for good it is forgotten after a day; otherwise systemctl status balcao-registrar there", "%s: heard of %s ago", s.Name, seen)
			continue
		}
		fresh++
		able["sms"], able["email"] = able["sms"] || s.SMS != "down", able["email"] || s.Email != "down"
		p.is(s.SMS == "good" && s.Email == "good", "kioskctl messages; its log says what the message centre or the relay answers",
			"%s: sms %s, e-mail %s, heard of %s ago", s.Name, s.SMS, s.Email, seen)
	}
	if fresh == 0 {
		p.unwell("systemctl start balcao-registrar; journalctl -u balcao-registrar", "none works: no code is sent, no key becomes active")
		return nil
	}
	for _, channel := range []string{"sms", "email"} {
		if !able[channel] {
			p.unwell("ring the operator of the message centre or relay", "nobody can send by %s", channel)
		}
	}
	return nil
}

func askQueues(ctx context.Context, dsn string, p *part) error {
	all, err := figures(ctx, dsn)
	if err != nil {
		return err
	}
	jobs := 0.0
	for name, value := range all {
		if strings.HasPrefix(name, "jobs ") {
			jobs += value
		}
	}
	late, any := worst(all, "job_overdue", jobPatience)
	p.is(!any, "see registrars; with registrars that are well, start another one", "%.0f jobs under way%s", jobs, behind(late))
	waits, any := worst(all, "message_oldest", messagePatience)
	p.is(!any, "kioskctl messages says what keeps them", "%.0f SMS and %.0f e-mails wait%s", all["messages sms queued"], all["messages email queued"], behind(waits))
	p.is(seconds(all["case_oldest"]) <= casePatience, "ask the supervisors: the cases are on their start screens, and expire",
		"%.0f cases wait for a supervisor, the oldest for %s", all["cases"], seconds(all["case_oldest"]))
	return nil
}

// behind adds what is late to a line.
func behind(list string) string {
	if list == "" {
		return ""
	}
	return "; too long: " + list
}

// namedDesks is how many desks a line names.
const namedDesks = 20

func askDesks(ctx context.Context, dsn string, p *part) error {
	desks, err := schema.HeardDesks(ctx, dsn)
	if err != nil {
		return err
	}
	by := map[string][]string{}
	for _, d := range desks {
		name := d.Name
		if d.State == "silent" && d.Seen != nil {
			name += " since " + d.Seen.Local().Format("2006-01-02 15:04")
		}
		by[d.State] = append(by[d.State], name)
	}
	p.well("%d of %d desks heard of within 15 minutes, %d idle", len(by["heard"]), len(desks)-len(by["revoked"]), len(by["idle"]))
	some := func(list []string) string {
		if more := len(list) - namedDesks; more > 0 {
			return fmt.Sprintf("%s, and %d more", strings.Join(list[:namedDesks], ", "), more)
		}
		return strings.Join(list, ", ")
	}
	if silent := by["silent"]; len(silent) > 0 {
		p.unwell("ring there: switched off, or without network? The shift ends by itself", "silent, though somebody is signed in: %s", some(silent))
	}
	if suspended := by["suspended"]; len(suspended) > 0 {
		p.well("suspended (kioskctl desk resume): %s", some(suspended))
	}
	return nil
}

func askAlerts(ctx context.Context, dsn string, p *part) error {
	all, err := figures(ctx, dsn)
	if err != nil {
		return err
	}
	p.is(all["alerts"] == 0, "a supervisor decides them at a desk; kioskctl alerts list shows them", "%.0f about misuse wait for a supervisor", all["alerts"])
	recent, err := schema.Alerts(ctx, dsn)
	if err != nil {
		return err
	}
	kinds := map[string]int{}
	for _, a := range recent {
		if time.Since(a.At) < 24*time.Hour {
			kinds[a.Kind]++
		}
	}
	var said []string
	broken := false
	for kind, n := range kinds {
		said = append(said, fmt.Sprintf("%s %d", kind, n))
		broken = broken || kind == "log_gap" || kind == "log_fork" || kind == "log_witness"
	}
	slices.Sort(said)
	p.is(!broken, "change nothing; kioskctl audit names what was changed (a restored backup does this too, see backup.md)",
		"of the last day: %s", cmp.Or(strings.Join(said, ", "), "none"))
	return nil
}

func askLog(ctx context.Context, dsn string, p *part) error {
	all, err := figures(ctx, dsn)
	if err != nil {
		return err
	}
	late, unsigned := seconds(all["log_late"]), seconds(all["log_unsigned"])
	p.is(late <= lateLeaf && unsigned <= unsignedLog, "does a registrar with [log] key run? Its log says why it does not number or sign",
		"%.0f leaves wait for a number, the oldest for %s; unsigned for %s", all["log_waiting"], late, unsigned)
	if age, there := all["log_checkpoint"]; there {
		p.well("the newest checkpoint is %s old", seconds(age))
	}
	if age, there := all["log_witness"]; there {
		p.is(seconds(age) <= withoutWitness, "does the witness answer? Its operator runs kioskctl witness", "witnesses have not cosigned for %s", seconds(age))
	} else {
		p.well("no witness has cosigned: whoever has database and log key could rewrite it (threats.md)")
	}
	return nil
}

func askCertificates(ctx context.Context, dsn string, p *part) error {
	desks, err := schema.Desks(ctx, dsn)
	if err != nil {
		return err
	}
	n := 0
	for _, d := range desks {
		if d.State == "revoked" {
			continue
		}
		var ends time.Time // the last one's
		for _, c := range d.Certificates {
			end := deskca.LoginEnds(c.AddedAt)
			if !c.EndsAt.IsZero() && c.EndsAt.Before(end) {
				end = c.EndsAt
			}
			if !c.Revoked && end.After(ends) {
				ends = end
			}
		}
		switch {
		case ends.IsZero():
			p.unwell("kioskctl desk rotate "+d.Name, "desk %s has no certificate", d.Name)
		case time.Until(ends) < endingSoon:
			p.unwell("kioskctl desk rotate "+d.Name+", and carry the two files there", "desk %s: its certificate ends on %s", d.Name, day(ends))
		default:
			n++
		}
	}
	p.well("%d desks have one for three weeks and more", n)
	return nil
}

func askRetention(ctx context.Context, dsn string, p *part) error {
	rules, err := schema.Retention(ctx, dsn)
	if err != nil {
		return err
	}
	var due []string
	most := 0
	for _, r := range rules {
		due = append(due, fmt.Sprintf("%s %d", r.Rule, r.N))
		most = max(most, r.N)
	}
	p.is(most < retentionOverdue, "registrars delete every hour, or kioskctl retention run does now and says what is in the way", "due for deletion: %s", strings.Join(due, ", "))
	return nil
}
