// Login is the sign-in service: people sign in with their key for services that speak OpenID Connect, and see and govern
// it on pages of their own. Any number may run beside each other on one database; a browser may come to another each time.
//
//	login -config FILE -check-config say what is wrong with the configuration
//	login -config FILE               answer until SIGTERM or SIGINT
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"

	"balcao/cmd/internal/service"
)

const exitOK, exitError, exitUsage = service.ExitOK, service.ExitError, service.ExitUsage

const usage = `Usage: login -config FILE [-check-config]
       login -version

It prints "ready ADDRESS" when it answers. /healthz says whether it does, /readyz whether the database does too.
`

func main() { service.Main("login", run) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	path, check, exit, ok := service.Flags("login", usage, args, stderr)
	if !ok {
		return exit
	}
	cfg, err := loadConfig(path)
	if err == nil && !check {
		log := slog.New(slog.NewJSONHandler(stderr, nil))
		err = serve(ctx, cfg, log, func(l net.Addr) { _, _ = fmt.Fprintln(stdout, "ready", l) })
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "login: %v\n", err)
		return exitError
	}
	return exitOK
}
