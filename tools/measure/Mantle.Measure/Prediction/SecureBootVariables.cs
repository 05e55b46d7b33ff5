using Mantle.Formats.Bytes;
using Mantle.Formats.Efi;

namespace Mantle.Measure.Prediction;

/// <summary>The contents of the Secure Boot variables: signature lists without attributes and headers; empty for a variable that does not exist.</summary>
public sealed record SecureBootVariables
{
    /// <summary>PK, the platform key.</summary>
    public ReadOnlyMemory<byte> PlatformKey { get; init; }

    /// <summary>KEK, the keys that may change db and dbx.</summary>
    public ReadOnlyMemory<byte> KeyExchangeKeys { get; init; }

    /// <summary>db, what may run.</summary>
    public ReadOnlyMemory<byte> Allowed { get; init; }

    /// <summary>dbx, what may not run.</summary>
    public ReadOnlyMemory<byte> Forbidden { get; init; }

    /// <summary>dbt, whose time stamps count; measured only when it exists.</summary>
    public ReadOnlyMemory<byte> Timestamping { get; init; }

    /// <summary>The variables out of a store that may hold others too.</summary>
    /// <exception cref="MalformedInputException">A variable's content is no list of signatures.</exception>
    public static SecureBootVariables From(IReadOnlyList<EfiVariable> variables)
    {
        ReadOnlyMemory<byte> Content(Guid vendor, string name) => variables.FirstOrDefault(variable => variable.Is(vendor, name))?.Content ?? default;

        SecureBootVariables found = new()
        {
            PlatformKey = Content(EfiGuids.GlobalVariable, "PK"),
            KeyExchangeKeys = Content(EfiGuids.GlobalVariable, "KEK"),
            Allowed = Content(EfiGuids.ImageSecurityDatabase, "db"),
            Forbidden = Content(EfiGuids.ImageSecurityDatabase, "dbx"),
            Timestamping = Content(EfiGuids.ImageSecurityDatabase, "dbt"),
        };
        found.Check();
        return found;
    }

    /// <summary>
    /// The variables as EDK2's own store has them, with the switch that only EDK2 has (SecureBootEnableDisable.h): for emulated machines. Those without content
    /// are there too; a store keeps none such.
    /// </summary>
    /// <param name="isEnabled">Whether the switch is on.</param>
    public IReadOnlyList<EfiVariable> ToVariables(bool isEnabled) =>
    [
        new(EfiGuids.GlobalVariable, "PK", EfiVariableAttributes.SecureBootVariable, PlatformKey),
        new(EfiGuids.GlobalVariable, "KEK", EfiVariableAttributes.SecureBootVariable, KeyExchangeKeys),
        new(EfiGuids.ImageSecurityDatabase, "db", EfiVariableAttributes.SecureBootVariable, Allowed),
        new(EfiGuids.ImageSecurityDatabase, "dbx", EfiVariableAttributes.SecureBootVariable, Forbidden),
        new(
            EfiGuids.SecureBootEnableDisable, "SecureBootEnable", EfiVariableAttributes.NonVolatile | EfiVariableAttributes.BootServiceAccess,
            new[] { isEnabled ? (byte)1 : (byte)0 }),
    ];

    /// <summary>The variables that are measured, in the firmware's order, with their vendors.</summary>
    internal IReadOnlyList<(Guid Vendor, string Name, ReadOnlyMemory<byte> Content)> Measured =>
    [
        (EfiGuids.GlobalVariable, "PK", PlatformKey),
        (EfiGuids.GlobalVariable, "KEK", KeyExchangeKeys),
        (EfiGuids.ImageSecurityDatabase, "db", Allowed),
        (EfiGuids.ImageSecurityDatabase, "dbx", Forbidden),
        .. Timestamping.IsEmpty ? Array.Empty<(Guid, string, ReadOnlyMemory<byte>)>() : [(EfiGuids.ImageSecurityDatabase, "dbt", Timestamping)],
    ];

    /// <summary>Reads every list once, so that a bad one is known before anything is predicted from it.</summary>
    /// <exception cref="MalformedInputException">A variable's content is no list of signatures.</exception>
    internal void Check()
    {
        foreach ((_, _, ReadOnlyMemory<byte> content) in Measured)
        {
            SignatureDatabase.Read(content);
        }
    }
}
