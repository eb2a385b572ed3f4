from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import helm_python
import kubernetes_validate
import pytest
import yaml
from helm_python import Chart

from kagami import __version__
from kagami.config import Document as Settings
from kagami.shape import leaves
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


def test_an_engine_knows_every_setting_that_it_is_given(chart: Chart) -> None:
    known = {variable(key) for key, _ in leaves(Settings)} | WELL_KNOWN.keys()
    for values in SETS:
        for pod in pods(rendered(chart, values)).values():
            given = {name.removesuffix("_FILE") for name in environment(pod)}
            others = {"KAGAMI_HOME", "KAGAMI_ADMIN_PASSWORD"}
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
        {"env": {"DB_PASSWORD": "swordfish"}},
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


def test_every_value_has_a_form(chart: Chart) -> None:
    chart.validate_schema(chart.values)
    assert set(chart.values) | {"global"} == set(read("deploy/helm/kagami/values.schema.json")["properties"])


def test_chart_and_engine_have_one_version(chart: Chart) -> None:
    assert (chart.version, chart.metadata["appVersion"]) == (__version__, __version__)


def test_the_notes_tell_how_to_log_in(chart: Chart) -> None:
    notes = chart.render({}, name="kagami", namespace="chat")["kagami/templates/NOTES.txt"]
    assert "get secret kagami-auth -o jsonpath='{.data.admin-password}'" in notes
