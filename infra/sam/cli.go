package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// cli is SAM CLI, and the functions as it has built them.
type cli struct {
	root        string   // the repository
	built       string   // where the functions are, with the template that names them
	variables   string   // a file: what the functions find in their environment
	environment []string // of SAM CLI itself
}

// prepare builds the functions into .local/sam/<name> and bridges them, until ctx is done, to the DynamoDB and the Secrets
// Manager that the environment names. The variables are the functions' own beside these.
func prepare(ctx context.Context, root, name string, variables map[string]string) (*cli, error) {
	c := &cli{root: root, built: filepath.Join(root, ".local", "sam", name)}
	c.environment = environment(os.Environ())
	c.variables = c.built + ".json"
	if err := os.MkdirAll(c.built, 0o750); err != nil {
		return nil, err
	}
	if err := writeVariables(ctx, c.variables, variables); err != nil {
		return nil, err
	}
	out, err := c.command(ctx, "build", "--template", "template.yaml", "--build-dir", c.built).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("sam build: %w\n%s", err, out)
	}
	return c, c.removeContainers(ctx) // of an earlier run that was killed
}

// command is one of SAM CLI's.
func (c *cli) command(ctx context.Context, args ...string) *exec.Cmd {
	args = append(args, "--parameter-overrides", "Architecture="+architecture())
	cmd := exec.CommandContext(ctx, filepath.Join(c.root, ".local", "venv-sam", "bin", "sam"), args...)
	cmd.Dir, cmd.Env = c.root, c.environment
	return cmd
}

// local is one of SAM CLI's local ones, on the functions that were built.
func (c *cli) local(ctx context.Context, args ...string) *exec.Cmd {
	return c.command(ctx, append([]string{"local"}, append(args,
		"--template", filepath.Join(c.built, "template.yaml"), "--env-vars", c.variables, "--skip-pull-image")...)...)
}

// removeContainers removes those that run what was built here.
func (c *cli) removeContainers(ctx context.Context) error {
	list := exec.CommandContext(ctx, "docker", "ps", "--all", "--no-trunc", "--filter", "label=sam.cli.container.type=lambda",
		"--format", "{{.ID}} {{.Mounts}}")
	out, err := list.Output()
	if err != nil {
		return fmt.Errorf("list the functions' containers: %w", err)
	}
	for line := range strings.Lines(string(out)) {
		id, mounts, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !strings.HasPrefix(mounts, c.built+string(filepath.Separator)) {
			continue
		}
		if out, err := exec.CommandContext(ctx, "docker", "rm", "--force", id).CombinedOutput(); err != nil {
			return fmt.Errorf("remove a function's container: %w: %s", err, out)
		}
	}
	return nil
}

// architecture is this machine's, as Lambda names it.
func architecture() string {
	if runtime.GOARCH == "arm64" {
		return "arm64"
	}
	return "x86_64"
}
