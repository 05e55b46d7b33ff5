using Mantle.Formats.Efi;
using Mantle.Formats.Tcg;

namespace Mantle.Measure.Prediction;

/// <summary>
/// PCR 7, Secure Boot policy: SecureBoot, PK, KEK, db and dbx, each measured even when it does not exist, and dbt if it does; a separator; with Secure
/// Boot on, then each entry of db that vouched for an image, once.
/// </summary>
internal static class Pcr07SecureBootPolicy
{
    public const int Index = 7;

    public static PcrPlan Plan(BootInputs inputs)
    {
        if (inputs.Variables is not { } variables)
        {
            if (inputs.SecureBoot == SecureBootState.On)
            {
                return PcrPlan.Unknown(Index, "it measures the Secure Boot variables, and they are not given");
            }

            variables = new();
        }

        return new(Index, Events(variables, inputs.SecureBoot, inputs.Authorities));
    }

    /// <summary>The events by themselves, without an image.</summary>
    public static List<PlannedEvent> Events(SecureBootVariables variables, SecureBootState secureBoot, IReadOnlyList<Authority> authorities)
    {
        byte[] state = secureBoot switch
        {
            SecureBootState.On => [1],
            SecureBootState.Off => [0],
            _ => [],
        };
        List<PlannedEvent> events = [Variable(EfiGuids.GlobalVariable, "SecureBoot", state)];
        events.AddRange(variables.Measured.Select(variable => Variable(variable.Vendor, variable.Name, variable.Content)));
        events.Add(PlannedEvent.Separator);
        foreach (Authority authority in authorities.DistinctBy(authority => Convert.ToHexString(authority.Entry.Span)))
        {
            UefiVariableData data = new(EfiGuids.ImageSecurityDatabase, "db", authority.Entry);
            events.Add(PlannedEvent.Whole(
                EventType.EfiVariableAuthority,
                data.ToArray(),
                $"the entry of db that vouches for {authority.Image}: {authority.Description}",
                new(EventSourceKind.Certificate, authority.Description)));
        }

        return events;
    }

    private static PlannedEvent Variable(Guid vendor, string name, ReadOnlyMemory<byte> data) => PlannedEvent.Whole(
        EventType.EfiVariableDriverConfig,
        new UefiVariableData(vendor, name, data).ToArray(),
        data.IsEmpty ? $"variable {name}, absent"
        : data.Length == 1 ? $"variable {name} = {data.Span[0]:x2}"
        : $"variable {name}, {data.Length} bytes",
        new(EventSourceKind.FirmwareVariable, name));
}
