namespace Mantle.Emulator.Kms;

/// <summary>One call as the endpoint saw it, for tests to look at.</summary>
/// <param name="Operation">For example <c>Decrypt</c>.</param>
/// <param name="Principal">Who signed it; empty when nobody known did.</param>
/// <param name="Error">The error's name, or null when it was done.</param>
/// <param name="IsAttested">Whether it carried an attestation document that verified.</param>
public sealed record KmsCall(string Operation, string Principal, string? Error, bool IsAttested)
{
    /// <summary>When it was answered.</summary>
    public DateTimeOffset At { get; } = TimeProvider.System.GetUtcNow();
}
