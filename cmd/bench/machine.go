package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"balcao/cmd/internal/process"
)

// Machine is what the figures depend on.
type Machine struct {
	Cores     int    `json:"cores"`
	Processor string `json:"processor"`
	MemoryMiB int    `json:"memory_mib"`
	System    string `json:"system"`
	Load      string `json:"load"` // average of the last minute when the measuring began
	Go        string `json:"go"`
	OpenSC    string `json:"opensc"`
}

func thisMachine(ctx context.Context) Machine {
	read := func(path string) string {
		raw, _ := os.ReadFile(path) // what cannot be told stays empty
		return string(raw)
	}
	m := Machine{
		Cores: runtime.NumCPU(), Go: runtime.Version(),
		Processor: valueOf(read("/proc/cpuinfo"), "model name"),
		System:    strings.Trim(valueOf(strings.ReplaceAll(read("/etc/os-release"), "=", ":"), "PRETTY_NAME"), `"`),
	}
	kib, _ := strconv.Atoi(strings.TrimSuffix(valueOf(read("/proc/meminfo"), "MemTotal"), " kB"))
	m.MemoryMiB = kib / 1024
	m.Load, _, _ = strings.Cut(read("/proc/loadavg"), " ")
	if out, _, err := process.Output(ctx, nil, "opensc-tool", "--info"); err == nil {
		m.OpenSC, _, _ = strings.Cut(out, " [")
	}
	return m
}

// valueOf finds "name : value" in a file of the kernel's.
func valueOf(text, name string) string {
	for l := range strings.Lines(text) {
		if key, value, ok := strings.Cut(l, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// clockTick is the unit of processor times in /proc: USER_HZ, which Linux fixes at 100 for programs.
const clockTick = 100

// usage is what a process has used of the machine.
type usage struct {
	seconds float64 // of processor time, user and system
	rssMiB  float64
}

func usageOf(pid int) (usage, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return usage{}, fmt.Errorf("reading processor time: %w", err)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return usage{}, fmt.Errorf("reading memory: %w", err)
	}
	return parseUsage(string(stat), string(status))
}

// parseUsage reads proc(5) stat and status. The name of the program stands in parentheses and may
// hold spaces and parentheses itself, so fields count from the last one.
func parseUsage(stat, status string) (usage, error) {
	_, rest, ok := cutLast(stat, ")")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 13 {
		return usage{}, fmt.Errorf("processor time: /proc/PID/stat of %d fields", len(fields))
	}
	user, errU := strconv.ParseUint(fields[11], 10, 64)
	system, errS := strconv.ParseUint(fields[12], 10, 64)
	kib, errM := strconv.ParseUint(strings.TrimSuffix(valueOf(status, "VmRSS"), " kB"), 10, 64)
	if errU != nil || errS != nil || errM != nil {
		return usage{}, fmt.Errorf("processor time or memory is no number in /proc/PID")
	}
	return usage{seconds: float64(user+system) / clockTick, rssMiB: float64(kib) / 1024}, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
