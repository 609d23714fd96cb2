"""The blocking client of a control plane."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from pretzel.client import audit, catalog, deployment, labelling, overview, quota, stores
from pretzel.client.audit import AuditRecord, Moment
from pretzel.client.channel import Stay
from pretzel.client.golden import SAMPLE_ROWS
from pretzel.client.overview import FailedVerification, Fleet, RelatedModel, Sharing
from pretzel.client.placement_calls import PlacementCalls
from pretzel.client.quota import Quota
from pretzel.client.repeating import Repeater
from pretzel.client.stores import CheckedStore, Collected, Finding, HeldBack
from pretzel.client.stubs import ControlStub
from pretzel.plan.model import Model, ModelDescription, ModelVersion
from pretzel.plan.terms import ANY, Terms


class ControlPlane(PlacementCalls):
    """Deployment: upload missing objects, deploy definitions, move aliases.

    Raises, from every call:
        NotFoundError: the model, version or alias does not exist.
        UnavailableError: no server answered: within two seconds at first contact, or within a minute later.
        DeadlineError: the timeout passed.

    A call whose connection breaks is retried: all calls are safe to retry.
    """

    stub = ControlStub
    turns = Stay

    def __init__(self, address: str = "127.0.0.1:8101", **arguments: Any) -> None:
        """Create a client of a control plane; the arguments are those of :class:`Connection`."""
        super().__init__(address, **{"channels": 1} | arguments)
        self._repeater = Repeater(self._endpoint)

    def deploy(
        self,
        name: str,
        model: Any,
        *,
        sample: Any = None,
        expected: Mapping[str, Any] | None = None,
        tolerance: float | tuple[float, float] | None = None,
        alias: str = "stable",
        wait: bool = True,
        options: Mapping[str, Any] | None = None,
        outputs: Sequence[str] | None = None,
        sample_rows: int = SAMPLE_ROWS,
        python: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        labels: Mapping[str, str] | None = None,
        owner: str = "",
        note: str = "",
        version_labels: Mapping[str, str] | None = None,
        terms: Terms = ANY,
        progress: deployment.Progress | None = None,
        timeout: float | None = None,
    ) -> ModelVersion:
        """Deploy an estimator or a definition, and return its version.

        Args:
            name: name of the model.
            model: a fitted estimator, or a :class:`~pretzel.plan.definition.Definition`.
            sample: rows in the form that the estimator takes.  The deployment fails unless the plan returns the
                estimator's own answers to them.
            expected: the answers to the sample by method, if ``model`` is a definition.
            tolerance: largest difference: relative, or (relative, absolute); None: the server's strict default.
            alias: alias to point at the new version; "" for none.
            wait: return only after all live workers serve the version.
            options: by name.  ``weights``: storage of the weights of large products, ``exact``, ``f32``, ``f16`` or
                ``sparse``; all but ``exact`` need a sample, and fail if the answers to it differ by more than the
                tolerance.
            sample_rows: largest number of rows to verify.  They are spread over the whole sample and include rows with
                unusual values; the version's metadata record how many of how many rows were verified.
            outputs: the methods to serve; None: all methods of the estimator, and those of ``contributions``,
                ``interactions`` and ``leaf_index`` that add little to the model's memory.
            python: ``isolated`` sends the code of steps that cannot be opened, pickled, as Python stages: workers that
                allow it run them in side processes.  It needs a sample, and cloudpickle.
            metadata: texts, numbers or lists to record with the version, such as an owner; names that Pretzel uses are
                rejected.
            labels: labels to set on the model; those of other keys stay.
            owner: owner of the model; empty leaves it as it is.
            note: note on the version; empty leaves it as it is.
            version_labels: labels to set on the version.
            terms: conditions of the publication, such as the version that the alias points to before.
            progress: called with (step, done, total); in bytes during the upload.
            timeout: seconds for the whole deployment.

        Raises:
            UnsupportedError: the estimator cannot be served exactly; the message names the step and the option.
            VerificationError: the answers to the sample differ; the message names known causes, if any.

        Warns:
            AnswersMayDifferWarning: without a sample, if answers of a step may differ from the library's.
        """
        request = deployment.Deployment(
            name,
            model,
            sample,
            expected,
            tolerance,
            alias,
            wait,
            options or {},
            outputs,
            sample_rows,
            python,
            metadata,
            labels,
            owner,
            note,
            version_labels,
            terms,
        )
        return self._run(deployment.deploy(self._repeater, request, progress or deployment.silent), timeout)

    def models(
        self,
        prefix: str = "",
        *,
        selector: str = "",
        owner: str = "",
        search: str = "",
        of_versions: bool = False,
        timeout: float | None = None,
    ) -> list[Model]:
        """Return the models, by name.

        Args:
            prefix: only names that start so.
            selector: requirements on labels as in Kubernetes: ``team=ads,tier!=test,region in (eu, us),!retired``.
            owner: only models of this owner.
            search: text in the name, the owner, the note or a label, in any case of letters.
            of_versions: the labels, the owner and the text must be of one version instead of the model.
            timeout: seconds for the whole call.
        """
        selection = labelling.Selection(selector, owner, search, of_versions)
        return self._run(catalog.models(self._repeater, prefix, selection), timeout)

    def model(self, name: str, *, timeout: float | None = None) -> Model:
        """Return one model, with its versions and aliases.

        Raises:
            NotFoundError: no model has that name.
        """
        return self._run(catalog.model(self._repeater, name), timeout)

    def describe(self, model: str, *, timeout: float | None = None) -> ModelDescription:
        """Return the inputs and outputs of a version, and the estimator that it was exported from."""
        return self._run(catalog.describe(self._repeater, model), timeout)

    def explain(
        self, model: str, *, format: str = "text", verbose: bool = False, width: int = 0, timeout: float | None = None
    ) -> str:
        """Explain it, as ``summary``, ``text`` (in ``width`` columns), ``json``, ``dot``, ``mermaid`` or ``svg``."""
        return self._run(catalog.explain(self._repeater, model, format, verbose, width), timeout)

    def alias(
        self, model: str, alias: str, version: int | None, *, terms: Terms = ANY, timeout: float | None = None
    ) -> Model:
        """Point an alias at a version, also to roll back; None removes the alias."""
        return self._run(catalog.set_alias(self._repeater, model, alias, version, terms), timeout)

    def delete(self, model: str, *, force: bool = False, terms: Terms = ANY, timeout: float | None = None) -> None:
        """Delete a model (``name``) or one version (``name@version``); ``force`` if an alias points to it."""
        self._run(catalog.delete(self._repeater, model, force, terms), timeout)

    def delete_models(
        self,
        prefix: str = "",
        *,
        selector: str = "",
        owner: str = "",
        search: str = "",
        of_versions: bool = False,
        dry_run: bool = False,
        expected: Collection[str] = (),
        override_freeze: bool = False,
        timeout: float | None = None,
    ) -> list[str]:
        """Delete the selected models with their aliases, all or none, and return their names.

        The arguments are those of :meth:`models`; one of them besides the prefix must be given.  ``dry_run`` only lists
        the models.  Nothing is deleted if other models are selected than those that are ``expected``.
        """
        selection = labelling.Selection(selector, owner, search, of_versions)
        operation = labelling.delete_models(self._repeater, prefix, selection, dry_run, expected, override_freeze)
        return self._run(operation, timeout)

    def label(
        self,
        model: str,
        changes: Mapping[str, str | None] | None = None,
        *,
        owner: str | None = None,
        note: str | None = None,
        terms: Terms = ANY,
        timeout: float | None = None,
    ) -> Model:
        """Change what is written on a model (``name``) or on one version (``name@version``), and return the model.

        Args:
            model: the model or version.
            changes: labels to set, by key; a value of None removes a label, and those of other keys stay.
            owner: the new owner; empty for none.
            note: the new note; empty for none.
            terms: conditions of the change.
            timeout: seconds for the whole call.
        """
        return self._run(labelling.label(self._repeater, model, changes or {}, owner, note, terms), timeout)

    def collect_garbage(self, *, dry_run: bool = False, timeout: float | None = None) -> Collected:
        """Remove the objects that no version references and no lease holds, or only count them (``dry_run``)."""
        return self._run(stores.collect_garbage(dry_run), timeout)

    def check_store(
        self, heard: Callable[[Finding], None], *, repair: bool = False, timeout: float | None = None
    ) -> CheckedStore:
        """Check the store; ``heard`` is called with each problem and, with ``repair``, with each repair."""
        return self._run(stores.check_store(repair, heard), timeout)

    def held_back(self, prefix: str = "", *, timeout: float | None = None) -> list[HeldBack]:
        """Return the models that live workers do not serve as published, and the reasons."""
        return self._run(stores.held_back(self._repeater, prefix), timeout)

    def page(
        self, prefix: str = "", *, after: str = "", size: int = 100, timeout: float | None = None
    ) -> tuple[list[Model], str]:
        """Return up to ``size`` models by name, and the ``after`` of the next page; empty if this is the last one."""
        return self._run(overview.page(self._repeater, prefix, after, size), timeout)

    def sharing(self, most: int = 50, *, timeout: float | None = None) -> Sharing:
        """Return the bytes that all models share, and the ``most`` objects that save most."""
        return self._run(overview.sharing(self._repeater, most), timeout)

    def related(self, model: str, most: int = 50, *, timeout: float | None = None) -> tuple[list[RelatedModel], int]:
        """Return the ``most`` models that share most with a version, and the number of all that share something."""
        return self._run(overview.related(self._repeater, model, most), timeout)

    def workers(self, *, timeout: float | None = None) -> Fleet:
        """Return the live workers, with their last reports."""
        return self._run(overview.workers(self._repeater), timeout)

    def failures(self, model: str = "", most: int = 50, *, timeout: float | None = None) -> list[FailedVerification]:
        """Return the last deployments that their verification refused, newest first; of all models if none is given."""
        return self._run(overview.failures(self._repeater, model, most), timeout)

    def audit(
        self,
        model: str = "",
        *,
        who: str = "",
        method: str = "",
        since: Moment = None,
        until: Moment = None,
        outcome: str = "",
        after: int = 0,
        most: int = 100,
        timeout: float | None = None,
    ) -> list[AuditRecord]:
        """Return the last changes, and refused ones, newest first: of all models that the caller administers.

        Args:
            model: a name, or the start of names and a star: ``team-a/*``.
            who: name of an identity; ``anonymous`` for callers without one, ``system`` for the server itself.
            method: name of a method, such as ``SetAlias``.
            since: seconds since the epoch, or a date.
            until: the same; records from then on are left out.
            outcome: ``ok``, ``failed`` or a status, such as ``PERMISSION_DENIED``.
            after: only records with greater numbers.
            most: largest number of records.
            timeout: seconds for the whole call.
        """
        request = audit.request_of(model, who, method, since, until, outcome, after)
        return self._run(audit.audit(self._repeater, request, most), timeout)

    def quota(self, *, timeout: float | None = None) -> list[Quota]:
        """Return the caller's limits and use; those of all identities if it administers all models."""
        return self._run(quota.quotas(self._repeater), timeout)
