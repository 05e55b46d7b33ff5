using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Cose;
using Mantle.Formats.Tpm;
using Mantle.Measure.EventLogs;
using Mantle.Measure.Explain;
using Mantle.Measure.Prediction;
using Mantle.Measure.Tests.Attestation;
using Mantle.Measure.Tests.EventLogs;
using Mantle.Measure.Tests.Prediction;

namespace Mantle.Measure.Tests.Explain;

public class ExplainerTests
{
    [Fact]
    public void At_least_36_of_40_generated_mismatches_are_named_exactly_and_none_wrongly()
    {
        StringBuilder table = new();
        int exact = 0;
        int knowable = 0;
        List<string> wrong = [];
        foreach (Mismatch mismatch in MismatchTable.All)
        {
            Explanation explanation = Explainer.Explain(mismatch.Expected, mismatch.Actual, mismatch.Known, mismatch.Words);
            string named = string.Join('+', explanation.Causes.Select(cause => cause.Id).Order(StringComparer.Ordinal));
            bool isNamed = named == mismatch.Cause && explanation.Alternatives.Count == 0 && (mismatch.Cause.Length == 0) == (explanation.Unexplained.Count > 0)
                && (mismatch.Says.Length == 0 || explanation.Causes.Any(cause => cause.Sentence.Contains(mismatch.Says, StringComparison.Ordinal)));
            knowable += mismatch.Cause.Length > 0 ? 1 : 0;
            exact += isNamed && mismatch.Cause.Length > 0 ? 1 : 0;
            if (!isNamed && explanation.Causes.Any(cause => !mismatch.Cause.Split('+').Contains(cause.Id)))
            {
                wrong.Add(mismatch.Name);
            }

            table.AppendLine($"{(isNamed ? "ok" : "--"),-3} {mismatch.Name,-34} {mismatch.Cause,-40} {(named.Length == 0 ? "not explained" : named)}"
                + $"{(explanation.Alternatives.Count > 0 ? " or " + string.Join(", ", explanation.Alternatives.Select(cause => cause.Id)) : "")}"
                + $"{(explanation.Unexplained.Count > 0 && named.Length > 0 ? $" (open: {string.Join(", ", explanation.Unexplained)})" : "")}"
                + (isNamed ? "" : "\n      " + string.Join("\n      ", explanation.Causes.Concat(explanation.Alternatives).Select(cause => cause.Sentence))));
        }

        TestContext.Current.TestOutputHelper?.WriteLine(table.ToString());
        Assert.True(knowable >= 40, $"{knowable} mismatches");
        Assert.True(wrong.Count == 0, $"named wrongly: {string.Join(", ", wrong)}\n{table}");
        Assert.True(exact >= knowable - 4, $"{exact} of {knowable} named exactly\n{table}");
    }

    [Fact]
    public void Equal_values_are_equal()
    {
        Explanation explanation = Explainer.Explain(MismatchTable.Release, Registers.Of(MismatchTable.Release).Values([TpmAlgorithm.Sha256]));
        Assert.True(explanation.IsEqual);
        Assert.Empty(explanation.Causes);
    }

    [Fact]
    public void What_is_not_explained_lists_what_was_ruled_out_and_what_was_not_tried()
    {
        Explanation explanation = Explainer.Explain(
            MismatchTable.Release, Registers.Of(MismatchTable.Release).Change(4, _ => [Registers.Text("x")]).Values([TpmAlgorithm.Sha256]));
        StringWriter text = new();
        ExplanationText.Write(explanation, text);
        Assert.Equal([4], explanation.Unexplained);
        Assert.Contains("ruled out: ", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("another known release: needs known releases (--known)", text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Values_of_no_common_bank_or_pcr_are_refused() =>
        Assert.Throws<UserErrorException>(() => Explainer.Explain(MismatchTable.Release, new("x", ReplayTests.Values($"sha256:\n 3: {new string('a', 64)}"))));

    [Theory]
    [InlineData("20-two-disks", 4, LogDifferenceKind.Extra, "the boot entry before came back: it did not boot, or was refused")]
    [InlineData("16-loadoptions-nosb", 12, LogDifferenceKind.Extra, "words for the kernel command line that do not come from the image")]
    [InlineData("03-secure-boot", 7, LogDifferenceKind.Changed, "Secure Boot is on")]
    public void With_a_log_the_first_differing_event_is_shown_in_words(string name, int pcr, LogDifferenceKind kind, string meaning)
    {
        ExpectedBoot expected = ExpectedBoot.FromDocument("expected", CapturedBoot.Load("01-setup-mode").ToPrediction());
        LogReplay replay = ReplayTests.Replay(Path.Combine(ReplayTests.Folder(name), "eventlog.bin"));
        Explanation explanation = Explainer.Explain(expected, ActualValues.FromLog(name, replay));
        LogDifference difference = Assert.Single(explanation.EventDifferences, difference => difference.Pcr == pcr);
        Assert.Equal(kind, difference.Kind);
        Assert.Equal(meaning, difference.Actual!.Meaning);
        StringWriter text = new();
        ExplanationText.Write(explanation, text);
        Assert.Contains("the log was not compared with a TPM's values", text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_changed_partition_table_is_shown_field_by_field()
    {
        byte[] gpt = [.. MismatchTable.Release.GptEvent!];
        gpt[56] ^= 1;
        LogReplay replay = LogDefectTests.Replay(new LogBuilder().Separator(5).Add(5, Mantle.Formats.Tcg.EventType.EfiGptEvent, gpt).Bytes);
        LogDifference difference = Assert.Single(
            Explainer.Explain(MismatchTable.Release, ActualValues.FromLog("log", replay)).EventDifferences, difference => difference.Pcr == 5);
        Assert.StartsWith("disk ", Assert.Single(difference.Details), StringComparison.Ordinal);
        Assert.Equal("partition-table GPT", difference.Input);
    }

    [Fact]
    public void An_attestation_document_has_values_of_one_bank_and_a_reservation()
    {
        AttestationDocument document = TestDocument.Content(TestDocument.Pki) with
        {
            Pcrs = Enumerable.Range(0, 24).ToDictionary(
                i => i,
                i => (ReadOnlyMemory<byte>)(MismatchTable.Release.Prediction.Pcrs.SingleOrDefault(pcr => pcr.Index == i)?.Values[TpmAlgorithm.Sha384] ?? TpmDigest.Zero(TpmAlgorithm.Sha384)).Bytes.ToArray()),
        };
        Explanation explanation = Explainer.Explain(MismatchTable.Release, ActualValues.FromDocument("document", document));
        StringWriter text = new();
        ExplanationText.Write(explanation, text);

        Assert.True(explanation.IsEqual);
        Assert.Equal([TpmAlgorithm.Sha384], explanation.Observations.Select(observation => observation.Bank).Distinct());
        Assert.Contains("the document's signature was not checked", text.ToString(), StringComparison.Ordinal);
        Assert.Throws<UserErrorException>(() => ActualValues.FromDocument("enclave", TestDocument.Content(TestDocument.EnclavePki, AttestationKind.NitroEnclave)));
    }

    [Fact]
    public void Without_the_image_a_suspect_is_named_by_pcr_12_and_13_and_must_move_pcr_9()
    {
        BootExtras planted = CapturedBoot.Load("05-sidecars").Inputs().Extras;
        planted = BootExtras.None with { Credentials = planted.Credentials, SystemExtensions = planted.SystemExtensions };
        ByteSource uki = TestUki.Make();
        ExpectedBoot expected = ExpectedBoot.FromDocument("release", Predictor.Predict(uki, new() { Banks = TpmHash.Computable }));
        ExpectedBoot machine = ExpectedBoot.FromDocument("machine", Predictor.Predict(uki, new() { Banks = TpmHash.Computable, Extras = planted with { Credentials = [planted.Credentials[0]] } }));

        Explanation explanation = Explainer.Explain(expected, Registers.Of(machine).Values([TpmAlgorithm.Sha256], null, 4, 9, 11, 12, 13), extras: planted);
        Cause cause = Assert.Single(explanation.Causes);
        Assert.Equal("given-extra", cause.Id);
        Assert.StartsWith($"credential \"{planted.Credentials[0].Name}\" lay beside the boot file, and system extension", cause.Sentence, StringComparison.Ordinal);
        Assert.Equal([12, 13], cause.Exact.Select(observed => observed.Index));
        Assert.Equal(9, Assert.Single(cause.Moved).Index);

        // Nothing that is given is what lies there.
        BootExtras other = BootExtras.None with { Credentials = [new("other.cred", ByteSource.FromMemory(new byte[10]))] };
        explanation = Explainer.Explain(expected, Registers.Of(machine).Values([TpmAlgorithm.Sha256], null, 4, 9, 11, 12, 13), extras: other);
        Assert.Equal("unnamed-extra", Assert.Single(explanation.Causes).Id);
        Assert.Contains("given-extra", Explainer.All.Select(hypothesis => hypothesis.Id));
    }
}
