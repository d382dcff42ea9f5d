package schema

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Due is what a rule of retention would delete now.
type Due struct {
	Rule    string
	Setting string // that says for how long
	Days    int
	N       int // at most DueMost
}

// DueMost is how far what is due is counted.
const DueMost = 10000

// Retention lists the rules of retention and what is due under each.
func Retention(ctx context.Context, adminDSN string) ([]Due, error) {
	return list[Due](ctx, adminDSN, "what is due", fmt.Sprintf(`select r.rule, s.name, s.value::integer, (select count(*)::integer from internal.due(r.rule, %d))
		from unnest('{key,visit,job,search}'::text[]) with ordinality r(rule, n) join centre.setting s on s.name = 'keep_' || r.rule || '_days' order by r.n`, DueMost))
}

// Deleted is how much was deleted under a rule.
type Deleted struct {
	Rule string
	N    int
}

// Keep deletes all that is due, some at a time, as registrars do every hour, and tells of each time.
func Keep(ctx context.Context, adminDSN string, tell func(Deleted)) error {
	return WithAdmin(ctx, adminDSN, func(conn *pgx.Conn) error {
		for {
			rows, err := conn.Query(ctx, `select rule, n from registrar.keep()`)
			var gone []Deleted
			if err == nil {
				gone, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Deleted])
			}
			if err != nil {
				return fmt.Errorf("deleting what is due: %w", redact(err))
			}
			for _, g := range gone {
				tell(g)
			}
			if len(gone) == 0 {
				return nil
			}
		}
	})
}

// Queue is the messages of a kind on a channel.
type Queue struct {
	Channel, Kind string
	Waiting       int
	Since         *time.Time // of the one that waits for longest
	NextTry       *time.Time
	Trouble       string // what the newest try of one that waits met: a kiosk.FailReason
	// Of those that were queued within a day.
	Sent, Delivered, Failed int
	Reasons                 string // why they failed: "reason n, …"
}

// Queues lists how messages do, by channel and kind.
func Queues(ctx context.Context, adminDSN string) ([]Queue, error) {
	return list[Queue](ctx, adminDSN, "the messages", `select m.channel, m.kind, count(*) filter (where m.state = 'queued'),
			min(m.queued_at) filter (where m.state = 'queued'), min(j.due_at) filter (where m.state = 'queued'),
			coalesce((array_agg(m.reason order by m.queued_at desc) filter (where m.state = 'queued' and m.reason is not null))[1], ''),
			count(*) filter (where m.state = 'sent' and m.queued_at > clock_timestamp() - interval '1 day'),
			count(*) filter (where m.state = 'delivered' and m.queued_at > clock_timestamp() - interval '1 day'),
			count(*) filter (where m.state = 'failed' and m.queued_at > clock_timestamp() - interval '1 day'),
			coalesce((select string_agg(r.reason || ' ' || r.n, ', ' order by r.n desc, r.reason) from (
				select x.reason, count(*) n from centre.message x where x.channel = m.channel and x.kind = m.kind and x.state = 'failed'
					and x.queued_at > clock_timestamp() - interval '1 day' group by x.reason) r), '')
		from centre.message m join centre.job j on j.id = m.job
		where m.state = 'queued' or m.queued_at > clock_timestamp() - interval '1 day'
		group by m.channel, m.kind order by m.channel desc, m.kind`)
}

// Sender is a registrar and how its channels do.
type Sender struct {
	Name       string
	Seen       time.Time
	SMS, Email string // good, poor or down
}

// Senders lists the registrars that were heard of within a day.
func Senders(ctx context.Context, adminDSN string) ([]Sender, error) {
	return list[Sender](ctx, adminDSN, "the registrars", `select name, seen, sms, email from centre.worker order by name`)
}
