from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, get_args, get_origin

import helm_python
import kubernetes_validate
import msgspec
import pytest
import yaml
from helm_python import Chart

from kagami import __version__
from kagami.config import Document as Settings
from kagami.core.secrets import Secret
from kagami.core.wanted import parts_of, plain_type
from kagami.shape import is_struct, leaves
from kagami.sources import WELL_KNOWN, variable
from tests.validators.tools import ROOT, read

CHART = ROOT / "deploy" / "helm" / "kagami"
SETS = sorted(path.stem for path in (ROOT / "deploy" / "helm" / "values").glob("*.yaml"))
# Of a kind that Kubernetes itself does not have.
FOREIGN = {"ServiceMonitor"}
# The kinds that have no more than a name in common.
Document = dict[str, Any]


@pytest.fixture(scope="module")
def chart() -> Iterator[Chart]:
    with Chart.load(CHART) as loaded:
        yield loaded


def render(chart: Chart, values: Document) -> list[Document]:
    texts = chart.render(values, name="kagami", namespace="chat")
    found = [each for name, text in texts.items() if name.endswith(".yaml") for each in yaml.safe_load_all(text)]
    return [each for each in found if each]


def rendered(chart: Chart, values: str) -> list[Document]:
    return render(chart, read(f"deploy/helm/values/{values}.yaml"))


def of_kind(documents: list[Document], kind: str) -> dict[str, Document]:
    return {each["metadata"]["name"]: each for each in documents if each["kind"] == kind}


def pods(documents: list[Document]) -> dict[str, Document]:
    return {name: each["spec"]["template"]["spec"] for name, each in of_kind(documents, "Deployment").items()}


def environment(pod: Document) -> dict[str, str]:
    return {each["name"]: each.get("value", "") for each in pod["containers"][0]["env"]}


def test_the_chart_is_well_made() -> None:
    said = helm_python.lint(str(CHART), strict=True)
    assert [each["error"] for each in said["messages"] if each["severity"] > 1] + said["errors"] == []


@pytest.mark.parametrize("values", SETS)
def test_kubernetes_takes_every_document(chart: Chart, values: str) -> None:
    documents = [each for each in rendered(chart, values) if each["kind"] not in FOREIGN]
    assert documents
    for each in documents:
        kubernetes_validate.validate(each, "1.32", strict=True)


@pytest.mark.parametrize("values", SETS)
def test_every_container_is_confined(chart: Chart, values: str) -> None:
    for pod in pods(rendered(chart, values)).values():
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsUser"] == 10001
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert not pod["automountServiceAccountToken"]
        assert container["resources"]["limits"]["memory"]


@pytest.mark.parametrize("values", SETS)
def test_no_secret_is_a_variable(chart: Chart, values: str) -> None:
    for pod in pods(rendered(chart, values)).values():
        secret = [name for name in environment(pod) if name.endswith(("TOKEN", "SECRET", "PASSWORD", "PWD"))]
        assert secret == []


@pytest.mark.parametrize("values", SETS)
def test_services_lead_to_pods_that_have_the_port(chart: Chart, values: str) -> None:
    documents = rendered(chart, values)
    labelled = [each["spec"]["template"] for each in of_kind(documents, "Deployment").values()]
    for service in of_kind(documents, "Service").values():
        wanted = service["spec"]["selector"].items()
        met = [each for each in labelled if wanted <= each["metadata"]["labels"].items()]
        assert met
        for pod, port in product(met, service["spec"]["ports"]):
            assert port["targetPort"] in {each["name"] for each in pod["spec"]["containers"][0]["ports"]}


@pytest.mark.parametrize("values", SETS)
def test_volumes_and_mounts_are_the_same(chart: Chart, values: str) -> None:
    for pod in pods(rendered(chart, values)).values():
        mounted = {each["name"] for each in pod["containers"][0]["volumeMounts"]}
        assert mounted == {each["name"] for each in pod["volumes"]}


@pytest.mark.parametrize("values", SETS)
def test_files_that_variables_name_are_mounted(chart: Chart, values: str) -> None:
    for pod in pods(rendered(chart, values)).values():
        folders = {each["mountPath"] for each in pod["containers"][0]["volumeMounts"]}
        files = [value for name, value in environment(pod).items() if name.endswith("_FILE")]
        assert files
        assert {str(Path(each).parent) for each in files} <= folders


def test_what_holds_a_home_never_runs_twice(chart: Chart) -> None:
    (alone,) = of_kind(rendered(chart, "single"), "Deployment").values()
    assert (alone["spec"]["replicas"], alone["spec"]["strategy"]) == (1, {"type": "Recreate"})


def test_a_cluster_rolls_without_one_pod_less(chart: Chart) -> None:
    deployments = of_kind(rendered(chart, "cluster"), "Deployment")
    assert set(deployments) == {"kagami-gateway", "kagami-worker"}
    for each in deployments.values():
        assert each["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


def test_processes_of_a_cluster_share_a_secret_and_not_a_name(chart: Chart) -> None:
    for pod in pods(rendered(chart, "cluster")).values():
        given = {each["name"]: each for each in pod["containers"][0]["env"]}
        assert given["KAGAMI_CLUSTER__SECRET_FILE"]["value"].endswith("/cluster-secret")
        assert given["KAGAMI_CLUSTER__NODE"]["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}


def test_a_home_that_does_not_last_has_the_same_secrets_again(chart: Chart) -> None:
    for persists in (True, False):
        values = {"persistence": {"enabled": persists}, "database": {"host": "db", "existingSecret": "db"}}
        (pod,) = pods(render(chart, values)).values()
        assert ("KAGAMI_CLUSTER__SECRET_FILE" in environment(pod)) is not persists


def test_an_engine_knows_every_setting_that_it_is_given(chart: Chart) -> None:
    known = {variable(key) for key, _ in leaves(Settings)} | WELL_KNOWN.keys()
    for values in SETS:
        for pod in pods(rendered(chart, values)).values():
            given = {name.removesuffix("_FILE") for name in environment(pod)}
            others = {"KAGAMI_HOME", "KAGAMI_CONFIG", "KAGAMI_ADMIN_PASSWORD"}
            composed = {"DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD", "REDIS_ADDR", "REDIS_PWD"}
            assert given - known - others - composed == set()


def test_a_stop_has_longer_than_the_engine_takes(chart: Chart) -> None:
    for pod in pods(rendered(chart, "cluster")).values():
        asleep = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert pod["terminationGracePeriodSeconds"] >= asleep + 30


def test_pods_are_scaled_by_how_long_events_wait(chart: Chart) -> None:
    documents = rendered(chart, "cluster")
    (scaler,) = of_kind(documents, "HorizontalPodAutoscaler").values()
    assert scaler["spec"]["metrics"][0]["pods"]["metric"]["name"] == "kagami_oldest_event_seconds"
    assert "replicas" not in of_kind(documents, "Deployment")["kagami-worker"]["spec"]


def test_requests_for_services_and_outside_names_are_answered(chart: Chart) -> None:
    hosts = environment(pods(rendered(chart, "cluster"))["kagami-gateway"])["KAGAMI_WEB__HOSTS"].split(",")
    assert {"kagami-web", "kagami-web.chat.svc", "kagami.example.org", "bots.example.org"} <= set(hosts)


def test_a_database_without_a_password_is_refused(chart: Chart) -> None:
    with pytest.raises(helm_python.HelmError, match=r"database\.password"):
        render(chart, {"database": {"host": "postgres"}})


def test_a_cluster_without_a_database_is_refused(chart: Chart) -> None:
    with pytest.raises(helm_python.HelmError, match="needs PostgreSQL"):
        render(chart, {"mode": "cluster"})


@pytest.mark.parametrize(
    "values",
    [
        {"mode": "single-node"},
        {"replicas": 3},
        {"image": {"tag": "latest"}},
        {"image": {"digest": "sha256:12"}},
        {"env": {"lower": "1"}},
        {"redis": {"address": "redis"}},
        {"database": {"port": 0}},
        {"terminationGracePeriodSeconds": 10},
        {"persistence": {"accessModes": ["ReadOnlyMany"]}},
        {"ingress": {"web": {"host": "https://kagami.example.org"}}},
        {"worker": {"replicas": 0}},
    ],
    ids=str,
)
def test_values_of_another_form_are_refused(chart: Chart, values: Document) -> None:
    with pytest.raises(helm_python.HelmError):
        chart.validate_schema(values)


def secrets_in(kind: type[msgspec.Struct]) -> set[str]:
    """The names of all settings of a table, and of those in it, that are secrets."""
    found: set[str] = set()
    for field in msgspec.structs.fields(kind):
        plain = plain_type(field.type)
        if plain is Secret:
            found.add(field.encode_name)
        inner = parts_of(get_args(plain)[0]) if get_origin(plain) is tuple else (plain,)
        found |= {name for each in inner if is_struct(each) for name in secrets_in(each)}
    return found


ADDRESSES = {"url", "read_url"}
SECRETS = sorted(secrets_in(Settings) - ADDRESSES)
# As settings of plugins, and variables of others, may be called.
NAMED = ("pwd", "db_passwd", "apikey", "openai_api_key", "api-key", "Cookie", "session_cookies", "credentials")


@pytest.mark.parametrize(
    "config",
    [
        *(f'[[bots]]\n{name} = "swordfish"' for name in SECRETS),
        "[web]\njwt_secret='swordfish'",
        '[gateway]\n"token" = """\nswordfish"""',
        'bots = [{kind = "kook", token = "swordfish"}]',
        '[store]\nurl = "postgresql://kagami:swordfish@db/kagami"',
        '[redis]\nurl = "redis://:swordfish@redis:6379/0"',
        '[store]\nurl = "postgresql://db/kagami?user=kagami&password=swordfish"',
        '[[bots]]\nurl = "wss://bot.example/?access_token=swordfish"',
        *(f'[plugins.settings.other]\n{name} = "swordfish"' for name in NAMED),
    ],
)
def test_settings_with_a_secret_are_refused_with_the_way_to_keep_them(chart: Chart, config: str) -> None:
    with pytest.raises(helm_python.HelmError, match="existingConfigSecret") as refused:
        render(chart, {"config": f'prefix = "!"\n{config}\n'})
    assert "swordfish" not in str(refused.value)


@pytest.mark.parametrize(
    "config",
    [
        '[store]\nurl = "postgresql://kagami@db/kagami"',
        '[gateway]\n# token = "x"\ntoken = ""\nport = 3001',
        "admins = []",
    ],
)
def test_settings_without_one_are_taken(chart: Chart, config: str) -> None:
    (found,) = of_kind(render(chart, {"config": config}), "ConfigMap").values()
    assert found["data"]["kagami.toml"].strip() == config


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((variable(key), "swordfish") for key, kind in leaves(Settings) if plain_type(kind) is Secret),
        ("DB_PASSWORD", "swordfish"),
        ("REDIS_PWD", "swordfish"),
        *((name.upper().replace("-", "_"), "swordfish") for name in NAMED),
        ("KAGAMI_BOTS", '[{"kind": "kook", "token": "swordfish"}]'),
        ("HTTPS_PROXY", "http://me:swordfish@proxy:3128"),
    ],
)
def test_a_variable_with_a_secret_is_refused_with_the_way_to_give_it(chart: Chart, name: str, value: str) -> None:
    with pytest.raises(helm_python.HelmError, match=f"env.{name} .*secretKeyRef") as refused:
        render(chart, {"env": {name: value}})
    assert "swordfish" not in str(refused.value)


def test_a_file_that_a_secret_holds_is_no_map(chart: Chart) -> None:
    documents = render(chart, {"existingConfigSecret": "kagami-settings"})
    (pod,) = pods(documents).values()
    (volume,) = [each for each in pod["volumes"] if each["name"] == "config"]
    assert volume["secret"]["secretName"] == "kagami-settings"
    assert of_kind(documents, "ConfigMap") == {}
    with pytest.raises(helm_python.HelmError, match="give one"):
        render(chart, {"existingConfigSecret": "kagami-settings", "config": "admins = []"})


def test_every_value_has_a_form(chart: Chart) -> None:
    chart.validate_schema(chart.values)
    assert set(chart.values) | {"global"} == set(read("deploy/helm/kagami/values.schema.json")["properties"])


def test_chart_and_engine_have_one_version(chart: Chart) -> None:
    assert (chart.version, chart.metadata["appVersion"]) == (__version__, __version__)


def test_the_notes_tell_how_to_log_in(chart: Chart) -> None:
    notes = chart.render({}, name="kagami", namespace="chat")["kagami/templates/NOTES.txt"]
    assert "get secret kagami-auth -o jsonpath='{.data.admin-password}'" in notes
