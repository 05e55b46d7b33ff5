using Mantle.Formats.Efi;
using Mantle.Formats.Tpm;

namespace Mantle.Measure.Prediction;

/// <summary>PCR 7 of a machine with Secure Boot on that starts one image, from the variables alone: it does not depend on what the image is.</summary>
public static class SecureBootPolicy
{
    /// <summary>Predicts PCR 7.</summary>
    /// <param name="variables">The Secure Boot variables.</param>
    /// <param name="authority">The entry of db that vouches for the image: the one whose key made the image's first signature that firmware accepts.</param>
    /// <param name="banks">The banks.</param>
    public static IReadOnlyDictionary<TpmAlgorithm, TpmDigest> Predict(SecureBootVariables variables, SignatureEntry authority, IReadOnlyList<TpmAlgorithm> banks)
    {
        DigestBook book = new(banks);
        List<PlannedEvent> events = Pcr07SecureBootPolicy.Events(variables, SecureBootState.On, [new(authority.ToArray(), "", "")]);
        return Predictor.Replay(
            Pcr07SecureBootPolicy.Index,
            [.. events.Select(planned => new PredictedEvent(planned.EventType, book.Digests(planned.Data), planned.Description, planned.Source))],
            banks).Values;
    }
}
