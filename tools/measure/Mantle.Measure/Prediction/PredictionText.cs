using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;

namespace Mantle.Measure.Prediction;

/// <summary>A prediction for people: per PCR the ordered events with digest, description and source, then all values.</summary>
public static class PredictionText
{
    /// <summary>Writes the text, lines ended by LF.</summary>
    public static void Write(ImagePrediction prediction, TextWriter output)
    {
        void Line(string text = "") => output.Write(text + "\n");

        Line($"boot file    {prediction.BootFile}");
        Line($"stub         systemd-stub {prediction.StubVersion}");
        Line($"kernel       {prediction.KernelRelease ?? "of unknown release"}");
        Line($"secure boot  {MeasurementsMapping.NameOf(prediction.SecureBoot)}");
        if (prediction.IsDebugTwin)
        {
            Line("debug twin   yes: bind nothing to these values");
        }

        Line($"platform     {prediction.Platform.Name}");
        if (prediction.Profile > 0)
        {
            Line($"profile      {prediction.Profile}");
        }

        foreach (string note in prediction.Notes)
        {
            Line($"note         {note}");
        }

        foreach (PredictedPcr pcr in prediction.Pcrs)
        {
            Line();
            Line($"PCR {pcr.Index}{(pcr.Events.Count == 0 ? ": nothing is measured" : "")}{Condition(pcr)}");
            foreach (PredictedEvent e in pcr.Events)
            {
                Line($"  {e.EventType.SpecificationName()}: {e.Description}");
                Line($"    from    {MeasurementsMapping.NameOf(e.Source.Kind)} {e.Source.Name}");
                if (e.Source.Packages.Count > 0)
                {
                    Line($"    of      {string.Join(", ", e.Source.Packages)}");
                }

                foreach (TpmAlgorithm bank in prediction.Banks)
                {
                    Line($"    {bank.Name(),-6}  {e.Digests[bank]}");
                }
            }
        }

        foreach (TpmAlgorithm bank in prediction.Banks)
        {
            Line();
            Line($"values, {bank.Name()}");
            foreach (PredictedPcr pcr in prediction.Pcrs)
            {
                Line($"  PCR {pcr.Index,-2}  {pcr.Values[bank]}");
            }
        }

        if (prediction.Unpredicted.Count > 0)
        {
            Line();
            foreach (UnpredictedPcr pcr in prediction.Unpredicted)
            {
                Line($"PCR {pcr.Index} is not predicted: {pcr.Reason}");
            }
        }
    }

    private static string Condition(PredictedPcr pcr) => pcr.Basis switch
    {
        PcrBasis.Firmware => " (the firmware alone decides it: true where it measures nothing else)",
        PcrBasis.OperatingSystem => " (until the operating system measures something)",
        _ => "",
    };
}
