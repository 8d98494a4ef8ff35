package compose

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"github.com/telegraf-station/telegraf-station/test/bed/process"
)

// load reads a file like `docker compose`: it checks the schema, and that the services, networks, and volumes it refers to exist.
func load(t *testing.T, file string, env map[string]string) (*types.Project, error) {
	t.Helper()
	var list []string
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	options, err := cli.NewProjectOptions([]string{file}, cli.WithEnv(list), cli.WithProfiles([]string{"*"}))
	require.NoError(t, err)
	return options.LoadProject(t.Context())
}

func loaded(t *testing.T, file string) *types.Project {
	t.Helper()
	project, err := load(t, file, madeEnv(t))
	require.NoError(t, err)
	return project
}

// madeEnv returns the variables that make-env.sh writes.
func madeEnv(t *testing.T) map[string]string {
	t.Helper()
	env, err := dotenv.Read(makeEnv(t, filepath.Join(t.TempDir(), ".env")))
	require.NoError(t, err)
	return env
}

func makeEnv(t *testing.T, file string) string {
	t.Helper()
	output, err := script(t.Context(), "central.example", file)
	require.NoError(t, err, output)
	return file
}

func script(ctx context.Context, args ...string) (string, error) {
	var output bytes.Buffer
	err := process.Run(ctx, process.Command{Path: "./make-env.sh", Args: args, Output: &output})
	return output.String(), err
}

func TestMakeEnv(t *testing.T) {
	t.Parallel()
	file := makeEnv(t, filepath.Join(t.TempDir(), ".env"))
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
	env, err := dotenv.Read(file)
	require.NoError(t, err)
	require.Equal(t, "central.example", env["CENTRAL_HOST"])
	secrets := slices.Collect(maps.Keys(env))
	slices.Sort(secrets)
	require.Equal(t, []string{"CENTRAL_HOST", "GRAFANA_PASSWORD", "INFLUX_ADMIN_TOKEN", "INFLUX_PASSWORD", "KAFKA_CLUSTER_ID"}, secrets)
	for name, value := range env {
		if name != "CENTRAL_HOST" {
			require.Regexp(t, `^[A-Za-z0-9_][A-Za-z0-9_-]{21}$`, value, name)
		}
	}
	require.NotEqual(t, env["GRAFANA_PASSWORD"], env["INFLUX_PASSWORD"])
	passwords := map[string]string{}
	for _, user := range []string{"broker", "admin"} {
		path := filepath.Join(filepath.Dir(file), "secrets", user+".password")
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Regexp(t, `^[A-Za-z0-9_][A-Za-z0-9_-]{21}$`, string(text), "no newline: Kafka would treat it as part of the password")
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o640), info.Mode())
		passwords[string(text)] = user
	}
	require.Len(t, passwords, 2)
	info, err = os.Stat(filepath.Join(filepath.Dir(file), "secrets"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	require.NotEqual(t, env, madeEnv(t))

	output, err := script(t.Context(), "central.example", file)
	require.Error(t, err)
	require.Contains(t, output, "already exists")
	output, err = script(t.Context())
	require.Error(t, err)
	require.Contains(t, output, "usage: ")
}

// No password has a default: without .env nothing starts.
func TestSecretsMustBeSet(t *testing.T) {
	t.Parallel()
	env := madeEnv(t)
	for name := range env {
		for _, value := range []string{"", "unset"} {
			without := maps.Clone(env)
			without[name] = ""
			if value == "unset" {
				delete(without, name)
			}
			_, err := load(t, "compose.yaml", without)
			require.ErrorContains(t, err, "required variable "+name+" is missing a value: create .env with make-env.sh")
		}
	}
}

func TestEveryVariableIsInTheExample(t *testing.T) {
	t.Parallel()
	example, err := os.ReadFile("env.example")
	require.NoError(t, err)
	require.Equal(t, names(t, `(?m)^#?([A-Z_]+)=`, "env.example"), names(t, `\$\{([A-Z_]+)`, "compose.yaml", "station.yaml"))
	for line := range bytes.Lines(example) {
		if _, value, ok := bytes.Cut(bytes.TrimSpace(line), []byte("=")); ok && line[0] != '#' {
			require.Empty(t, value, "the example has no passwords")
		}
	}
}

// names returns what the first group of the expression matches in the files, sorted and without duplicates.
func names(t *testing.T, expression string, files ...string) []string {
	t.Helper()
	var found []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, match := range regexp.MustCompile(expression).FindAllSubmatch(text, -1) {
			found = append(found, string(match[1]))
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func TestImagesHaveOneVersion(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../VERSION")
	require.NoError(t, err)
	version := strings.TrimSpace(string(text))
	want := map[string]string{
		"kafka-1": "apache/kafka:4.3.1", "kafka-2": "apache/kafka:4.3.1", "kafka-3": "apache/kafka:4.3.1",
		"influxdb": "influxdb:2.7.12", "influxdb-v1-query": "influxdb:2.7.12", "grafana": "grafana/grafana:13.2.3",
		"central": "localhost/telegraf-station-central:" + version, "station": "localhost/telegraf-station:" + version,
	}
	images := map[string]string{}
	for name, service := range loaded(t, "compose.yaml").Services {
		images[name] = service.Image
		require.Regexp(t, `:\d+\.\d+\.\d+$`, service.Image)
	}
	require.Equal(t, want, images)
	require.Equal(t, want["station"], loaded(t, "station.yaml").Services["station"].Image)
}

func TestMountedFilesExist(t *testing.T) {
	t.Parallel()
	binds := 0
	for name, service := range loaded(t, "compose.yaml").Services {
		for _, volume := range service.Volumes {
			if volume.Type != types.VolumeTypeBind {
				continue
			}
			binds++
			require.True(t, volume.ReadOnly, "%s: %s", name, volume.Target)
			if volume.Bind != nil && !volume.Bind.CreateHostPath {
				continue // created by stationctl; Docker reports that it is missing
			}
			_, err := os.Stat(volume.Source)
			require.NoError(t, err, name)
		}
	}
	require.Equal(t, 6, binds)
}

func TestBrokers(t *testing.T) {
	t.Parallel()
	project := loaded(t, "compose.yaml")
	cluster := *project.Services["kafka-1"].Environment["CLUSTER_ID"]
	for i, name := range []string{"kafka-1", "kafka-2", "kafka-3"} {
		broker := project.Services[name]
		number := string(rune('1' + i))
		for setting, want := range map[string]string{
			"CLUSTER_ID": cluster, "KAFKA_NODE_ID": number, "KAFKA_PROCESS_ROLES": "broker,controller",
			"KAFKA_CONTROLLER_QUORUM_VOTERS": "1@kafka-1:9093,2@kafka-2:9093,3@kafka-3:9093",
			"KAFKA_ADVERTISED_LISTENERS":     "INSIDE://" + name + ":9092,OUTSIDE://central.example:" + number + "9092",
			"KAFKA_MIN_INSYNC_REPLICAS":      "2", "KAFKA_DEFAULT_REPLICATION_FACTOR": "3", "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
			"KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "3", "KAFKA_LOG_DIRS": broker.Volumes[0].Target,
			"KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "INSIDE:SASL_SSL,OUTSIDE:SASL_SSL,CONTROLLER:SASL_SSL",
			"KAFKA_AUTHORIZER_CLASS_NAME":          "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
			"KAFKA_ALLOW_EVERYONE_IF_NO_ACL_FOUND": "false", "KAFKA_SUPER_USERS": "User:broker;User:admin",
			"KAFKA_CONNECTIONS_MAX_REAUTH_MS": "3600000", "KAFKA_SASL_ENABLED_MECHANISMS": "SCRAM-SHA-512,PLAIN",
		} {
			require.NotNil(t, broker.Environment[setting], setting)
			require.Equal(t, want, *broker.Environment[setting], setting)
		}
		require.Equal(t, name, broker.Volumes[0].Source, "each broker has its own volume")
		require.Equal(t, number+"9092", broker.Ports[0].Published)
	}
}

// Passwords are in files and not in variables, which `docker inspect` would show.
func TestSecretsAreFiles(t *testing.T) {
	t.Parallel()
	env := madeEnv(t)
	env["SECRETS"] = "/elsewhere"
	project, err := load(t, "compose.yaml", env)
	require.NoError(t, err)
	for name, secret := range project.Secrets {
		require.Equal(t, "/elsewhere", filepath.Dir(secret.File), name)
	}
	for _, name := range []string{"kafka-1", "kafka-2", "kafka-3"} {
		found := map[string]string{}
		for _, secret := range project.Services[name].Secrets {
			found[secret.Source] = secret.Target
		}
		require.Len(t, found, 4)
		require.Equal(t, "broker.pem", found[name], "each broker has its own certificate")
		for _, file := range []string{"kafka-ca.pem", "broker.password", "admin.password"} {
			require.Contains(t, found, file)
			require.Contains(t, project.Secrets, file)
		}
		for setting, value := range project.Services[name].Environment {
			if strings.Contains(setting, "PASSWORD") || strings.Contains(*value, "password") {
				require.Contains(t, *value, "${directory:/run/secrets:", setting)
			}
		}
	}
	central := project.Services["central"]
	require.Equal(t, "/run/secrets/"+central.Secrets[0].Source, *central.Environment["KAFKA_TLS_CA"])
	require.Len(t, central.Secrets, 1)
	require.Equal(t, "SCRAM-SHA-512", *central.Environment["KAFKA_SASL_MECHANISM"])
	require.Equal(t, "/elsewhere/central.env", central.EnvFiles[0].Path)
}

func TestServicesRestartAndHaveHealthChecks(t *testing.T) {
	t.Parallel()
	for name, service := range loaded(t, "compose.yaml").Services {
		if name == "influxdb-v1-query" {
			require.Equal(t, "on-failure", service.Restart, "it exits when it is done")
			continue
		}
		require.Equal(t, "unless-stopped", service.Restart, name)
		require.NotNil(t, service.HealthCheck, name)
		require.Equal(t, "CMD", service.HealthCheck.Test[0], "%s: our images have no shell", name)
		for _, each := range service.DependsOn {
			require.NotEqual(t, types.ServiceConditionStarted, each.Condition, name)
		}
	}
}

func TestOurServicesAreHardenedAndScale(t *testing.T) {
	t.Parallel()
	project := loaded(t, "compose.yaml")
	alone := loaded(t, "station.yaml").Services["station"]
	for _, service := range []types.ServiceConfig{project.Services["central"], project.Services["station"], alone} {
		require.True(t, service.ReadOnly, service.Name)
		require.Equal(t, []string{"ALL"}, service.CapDrop, service.Name)
		require.Empty(t, service.CapAdd, service.Name)
		require.False(t, service.Privileged, service.Name)
		require.Equal(t, []string{"no-new-privileges:true"}, service.SecurityOpt, service.Name)
		require.Equal(t, types.HealthCheckTest{"CMD", "/usr/bin/stationctl", "health"}, service.HealthCheck.Test)
	}
	central := project.Services["central"]
	require.Empty(t, central.ContainerName, "only one container can have the name")
	require.Empty(t, central.Ports, "only one container can have the port")
	require.Equal(t, []string{"station"}, project.Services["station"].Profiles)
	require.Empty(t, alone.Profiles)
	require.Equal(t, alone.Volumes, project.Services["station"].Volumes)
	require.Contains(t, project.Services["station"].Networks, "kafka")
}

// Tokens with fewer permissions replace the administrator token.
func TestTokens(t *testing.T) {
	t.Parallel()
	env := madeEnv(t)
	env["INFLUX_WRITE_TOKEN"], env["INFLUX_READ_TOKEN"] = "writes", "reads"
	project, err := load(t, "compose.yaml", env)
	require.NoError(t, err)
	require.Equal(t, "writes", *project.Services["central"].Environment["INFLUX_TOKEN"])
	require.Equal(t, "reads", *project.Services["grafana"].Environment["INFLUX_TOKEN"])

	delete(env, "INFLUX_WRITE_TOKEN")
	delete(env, "INFLUX_READ_TOKEN")
	project, err = load(t, "compose.yaml", env)
	require.NoError(t, err)
	for _, name := range []string{"central", "grafana", "influxdb-v1-query"} {
		require.Equal(t, env["INFLUX_ADMIN_TOKEN"], *project.Services[name].Environment["INFLUX_TOKEN"], name)
	}
}

func TestDashboardsNameProvisionedDataSources(t *testing.T) {
	t.Parallel()
	// At the start of a line, to skip comments.
	uids := names(t, `(?m)^    uid: ([a-z-]+)$`, "../../conf/grafana/provisioning/datasources/station.yaml")
	require.Equal(t, []string{"station", "station-flux"}, uids)
	dashboards, err := filepath.Glob("../../conf/grafana/dashboards/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, dashboards)
	for _, dashboard := range dashboards {
		require.Subset(t, uids, names(t, `"type": "influxdb",\s*"uid": "([^"]*)"`, dashboard))
	}
	require.Subset(t, append(uids, "__expr__"), names(t, `datasourceUid: (\S+)`, "../../conf/grafana/provisioning/alerting/station.yaml"))
	grafana := loaded(t, "compose.yaml").Services["grafana"]
	require.Contains(t, dashboards, "../../conf/grafana/dashboards/"+filepath.Base(*grafana.Environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]))
	for _, name := range names(t, `: .*\$\{([A-Z_]+)\}`, "../../conf/grafana/provisioning/datasources/station.yaml") {
		require.Contains(t, grafana.Environment, name, "Grafana's environment")
	}
	for _, folder := range names(t, `path: (\S+)`, "../../conf/grafana/provisioning/dashboards/station.yaml") {
		require.True(t, slices.ContainsFunc(grafana.Volumes, func(v types.ServiceVolumeConfig) bool { return v.Target == folder }), folder)
	}
}
