/** The API's objects by the names that the islands use; generated from api/openapi.yaml. */
import type { components } from "../generated/api";

type Schemas = components["schemas"];

export type Deposit = Schemas["DepositShape"];
export type ChangedDeposit = Schemas["ChangedDepositShape"];
export type Sorted = Schemas["SortedShape"];
export type Regrouped = Schemas["RegroupedShape"];
export type GroupingRequest = Schemas["GroupingInputRequest"];
export type RolesRequest = Schemas["RolesInputRequest"];
export type Finding = Schemas["FindingShape"];
export type FieldChange = Schemas["FieldChangeShape"];
export type CurrentContent = Schemas["CurrentContentShape"];
export type ProblemDocument = Schemas["ProblemShape"];
export type Job = Schemas["JobShape"];
export type Product = Schemas["ProductShape"];
export type ReductionList = Schemas["ReductionListShape"];
export type ReductionRequest = Schemas["ReductionInputRequest"];
export type Acknowledgement = Schemas["AcknowledgementInputRequest"];
export type DepositChange = Schemas["PatchedUpdateDepositInputRequest"];
export type PublishRequest = Schemas["PublishInputRequest"];
export type SortingRequest = Schemas["FatesInputRequest"];
export type Table = Schemas["TableShape"];
export type TableColumn = Schemas["ColumnShape"];
export type TableRow = Schemas["RowShape"];
export type TableCell = Schemas["CellShape"];
export type TableGroup = Schemas["GroupShape"];
export type CellSum = Schemas["SumShape"];
export type LevelAnswer = Schemas["LevelAnswerShape"];
export type TableChange = Schemas["TableChangeShape"];
export type AnswerResult = Schemas["AnswerResultShape"];
export type SheetChange = Schemas["SheetChangeShape"];
export type NamesChange = Schemas["NamesChangeShape"];
